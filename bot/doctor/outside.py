"""Queue and platforms: what the bot needs beyond this machine."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp

from adapters import registry
from bot.clock import Clock
from bot.doctor.finding import Finding, Level, ok
from bot.domain import words
from bot.engine.side_by_side import side_by_side
from bot.i18n import _
from bot.logs import said
from bot.queue import inspect
from bot.queue.remote import GONE
from bot.settings import Settings

_ANSWER_S = 10.0
_HALF_SECOND = timedelta(seconds=0.5)  # the Date header is cut to whole seconds


async def queue(settings: Settings) -> list[Finding]:
    """Redis, when it is configured."""
    if not settings.queue.redis_url:
        return [ok("queue", _("The queue is in the process of `bot run`."))]
    try:
        facts = await inspect.look(settings.queue.redis_url)
    except (*GONE, ValueError) as error:
        cause = said(error)
        return [
            Finding(
                check="queue",
                code="queue_unreachable",
                level=Level.ERROR,
                message=_("Redis does not answer: {cause}").format(cause=cause),
                advice=_(
                    "No post is lost: each `bot worker` goes on by itself meanwhile. Start Redis, "
                    "or correct queue.redis_url."
                ),
            )
        ]
    found = [ok("queue", _("Redis {version} answers.").format(version=facts.version))]
    if facts.policy not in ("", "noeviction"):
        found.append(
            Finding(
                check="queue",
                code="queue_evicts",
                level=Level.WARNING,
                message=_("Redis may throw messages away (maxmemory-policy {policy}).").format(
                    policy=facts.policy
                ),
                advice=_("Posts would be late by a lease. Set maxmemory-policy noeviction."),
            )
        )
    found.append(_workers(facts.worker))
    return found


def _workers(worker: str) -> Finding:
    if worker:
        return ok("workers", _("A worker is alive: {said}").format(said=worker))
    return Finding(
        check="workers",
        code="no_worker",
        level=Level.WARNING,
        message=_("No worker has been heard of lately."),
        advice=_("What is in the queue waits. Start `bot worker`."),
    )


async def platforms(settings: Settings, names: Collection[str], clock: Clock) -> list[Finding]:
    """Whether each platform can be reached, and what time it has."""
    urls = {name: url for name in sorted(names) if (url := _base_url(settings, name))}
    if not urls:
        return [
            Finding(
                check="platforms",
                code="none_known",
                level=Level.NOTE,
                message=_("No account on a platform with an interface is known yet."),
                advice=_("Nothing was asked. Run `bot plan --apply`, then `bot doctor` again."),
            )
        ]
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        asked = [_ask(session, settings, name, url, clock) for name, url in urls.items()]
        return [finding for some in await side_by_side(asked) for finding in some]


def _base_url(settings: Settings, name: str) -> str:
    """Where the platform's API is; "" for one that has none, or is set wrongly (told elsewhere)."""
    field = registry.adapter_for(name).Config.model_fields.get("base_url")
    chosen = settings.platforms.get(name, {}).get("base_url")
    return str(chosen or (field.default if field else ""))


async def _ask(
    session: aiohttp.ClientSession, settings: Settings, name: str, url: str, clock: Clock
) -> list[Finding]:
    """One HEAD of the address itself: no interface is called, so no quota is spent."""
    check, platform = f"platform_{name}", words.platform(name)
    began = clock.now()
    try:
        async with session.head(f"{url.rstrip('/')}/", allow_redirects=False) as answer:
            status, date = answer.status, answer.headers.get("Date", "")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        message = _("{platform} cannot be reached at {url}: {cause}")
        return [
            Finding(
                check=check,
                code="platform_unreachable",
                level=Level.ERROR,
                message=message.format(platform=platform, url=url, cause=said(error)),
                advice=_(
                    "Its posts are tried again until their windows pass. Check the network, the "
                    "firewall, DNS, and base_url."
                ),
            )
        ]
    if status >= 500:
        message = _("{platform} answers with HTTP {status}.")
        found = Finding(
            check=check,
            code="platform_in_trouble",
            level=Level.WARNING,
            message=message.format(platform=platform, status=status),
            advice=_("Its posts are tried again by themselves. If it lasts, ask the platform."),
        )
    else:
        found = ok(check, _("{platform} can be reached.").format(platform=platform))
    return [found, *_clock(platform, date, began, clock.now(), settings.doctor.clock_skew_s)]


def _clock(
    platform: str, date: str, began: datetime, ended: datetime, limit_s: float
) -> list[Finding]:
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return []  # it sends no date, or none that can be read
    theirs = theirs.replace(tzinfo=theirs.tzinfo or UTC) + _HALF_SECOND
    skew_s = (theirs - (began + (ended - began) / 2)).total_seconds()
    if abs(skew_s) - (ended - began).total_seconds() / 2 < limit_s:
        return [
            ok(
                "clock",
                _("This machine and {platform} agree on the time.").format(platform=platform),
            )
        ]
    message = _("The clock of {platform} differs from this machine's by {seconds} seconds.")
    return [
        Finding(
            check="clock",
            code="clock_skew",
            level=Level.ERROR,
            message=message.format(platform=platform, seconds=round(skew_s)),
            advice=_("Posts go out at the wrong time and tokens fail. Set this machine by NTP."),
        )
    ]
