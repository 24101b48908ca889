"""Who passed a key item on within its platform, as the platform tells its first release's account.

A unit's own list may be short and its repost long off it; the list of the original's reposts still
has it. One call at each key item's deadline: it settles what counts, and spares the quota.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.contract import Item, Receipt, Repost, TellsReposts
from bot.domain.roster import Account, Roster, same_name
from bot.engine.ports import Core
from bot.errors import AuthFailed, ContractBroken, Rejected
from bot.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Release:
    """A key item's first release on one account."""

    receipt: Receipt
    deadline_at: datetime


async def told(
    core: Core,
    account: Account,
    releases: Iterable[Release],
    members: Roster,
    *,
    since: datetime,
    now: datetime,
) -> list[tuple[str, Item]]:
    """Accounts of the roster and what they reposted, of releases whose deadline came since then.

    Read-only. Raises Unavailable and RateLimited: ask again; a platform that does not tell for
    another reason tells nothing.
    """
    adapter = core.platforms.adapter(account)
    if not isinstance(adapter, TellsReposts):
        return []
    found: list[tuple[str, Item]] = []
    for release in releases:
        if not since < release.deadline_at <= now:
            continue
        try:
            reposts = await adapter.reposts(release.receipt)
        except (AuthFailed, Rejected, ContractBroken) as error:
            log.warning("reposts.not_told", account=account.id, **error.facts())
            continue
        found += _by_members(reposts, account, members)
    return found


def _by_members(
    reposts: Sequence[Repost], account: Account, members: Roster
) -> list[tuple[str, Item]]:
    """What accounts of the roster reposted; on one platform no two accounts share a name."""
    others = [
        other
        for other in members.accounts.values()
        if other.platform == account.platform and other.id != account.id
    ]
    return [
        (other.id, repost.item)
        for repost in reposts
        for other in others
        if repost.author and same_name(repost.author, other.name)
    ]
