"""All checks, one after the other; none keeps the next from being made."""

from __future__ import annotations

from bot.clock import Clock
from bot.doctor import files, ledger, outside
from bot.doctor.finding import Finding, guarded
from bot.doctor.ledger import Patient
from bot.settings import Settings


async def examine(settings: Settings, clock: Clock) -> list[Finding]:
    """What stands in the way of the bot's work, and what is in order; changes nothing."""
    patient = Patient(settings=settings, now=clock.now(), platforms=set(settings.platforms))
    found = await guarded("settings", files.platform_settings(settings))
    found += await guarded("schedules", files.schedules(settings))
    found += await guarded("key", files.key(settings))
    found += await guarded("disk", files.space(settings))
    found += await guarded("ledger", ledger.examine(patient))
    found += await guarded("queue", outside.queue(settings))
    found += await guarded("platforms", outside.platforms(settings, patient.platforms, clock))
    return found
