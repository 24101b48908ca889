"""A person at the officer's desk: enters a credential, and lets the account go on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.engine import people
from bot.ledger import credentials, roster
from bot.stage import outside
from tests.bot.engine.world import World


async def enter(
    world: World,
    account: str,
    changes: Mapping[str, str] | None = None,
    *,
    until: datetime | None = None,
) -> None:
    """Stores the account's credential with these fields changed, as the command does."""
    core = world.app.core
    async with core.ledger.write() as conn:
        member = (await roster.load(conn)).accounts[account]
        sealed = world.app.vault.seal({**outside.credential(member), **(changes or {})})
        now = core.clock.now()
        await credentials.store(conn, account, sealed, expires_at=until, now=now)
    await people.resume(core, account, authorised=True)


async def ends(world: World, account: str, **moments: datetime) -> None:
    """Tokens that end then, on the platform and in what the office entered."""
    said = {name: moment.isoformat() for name, moment in moments.items()}
    known = {"platform": account.partition("-")[2], "account": account, **said}
    await world.outside.call("POST", "accounts", {"accounts": [known]})
    await enter(world, account, said)
