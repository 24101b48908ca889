"""What a platform told us by itself: a hint to look now, or that an account took its leave.

A call publishes nothing and fails nothing: it only has a publication looked at, and `find` says
what happened. So a call that is lost, doubled, late or made up does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.contract import Heard
from bot.domain import transitions, words
from bot.domain.roster import Account
from bot.engine.ports import Core
from bot.errors import AuthFailed
from bot.i18n import _
from bot.ledger import publications, roster
from bot.ledger.journal import Move
from bot.logs import get_logger

log = get_logger(__name__)


async def take(core: Core, platform: str, heard: Heard) -> int:
    """Does what `heard` asks for; how many publications are looked at now."""
    if heard.revoked:
        await _pause(core, platform, heard.revoked)
    if not heard.posts:
        return 0
    async with core.ledger.write() as conn:
        waiting = await publications.pending_on(conn, platform)
        named = {pk: ref for pk, ref in waiting if any(_speaks_of(p, ref) for p in heard.posts)}
        for pk, ref in named.items():
            if heard.learned:
                await publications.learn(conn, pk, {**ref, **heard.learned})
        await publications.look_now(conn, named, core.clock.now())
        packages = await publications.handed_off_on(conn, platform)
    carried = [(pk, post) for pk, made in packages for post in heard.posts if _became(made, post)]
    for pk, post in carried:
        now = core.clock.now()
        step = transitions.pend(post, poll_at=now)
        await core.journal.apply(Move(publication=pk, step=step), now=now)
    return len(named) + len(carried)


def _became(made: Mapping[str, str], post: Mapping[str, str]) -> bool:
    """True when the post names what was prepared for this package (a share id), and itself."""
    shared = made.items() & post.items()
    return bool(shared) and len(post) > len(shared)


def _speaks_of(post: Mapping[str, str], ref: Mapping[str, str]) -> bool:
    return bool(post) and all(ref.get(name) == value for name, value in post.items())


async def _pause(core: Core, platform: str, fields: Mapping[str, str]) -> None:
    async with core.ledger.read() as conn:
        accounts = (await roster.load(conn)).accounts.values()
    for account in accounts:
        if account.platform == platform and await _has(core, account, fields):
            message = _("{platform}: the account's owner has taken the authorisation back.")
            why = message.format(platform=words.platform(platform))
            async with core.ledger.write() as conn:
                await roster.pause(conn, account.id, why)
            log.warning("account.paused", account=account.id, error=why)


async def _has(core: Core, account: Account, fields: Mapping[str, str]) -> bool:
    try:
        known = await core.platforms.credentials(account).load()
    except AuthFailed:  # it has none
        return False
    return _speaks_of(fields, known)
