"""Does the ledger say what the platforms show? Compared post by post, by link."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.publication import State
from bot.engine.ports import Core
from bot.ledger import items, publications, roster
from bot.stage.outside import simulated


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The two records side by side; both lists of differences are empty when all is well."""

    platforms: int  # posts the platforms show
    ledger: int  # posts the ledger has
    only_platforms: tuple[str, ...]
    only_ledger: tuple[str, ...]

    @property
    def difference(self) -> int:
        return len(self.only_platforms) + len(self.only_ledger)


async def made_by_bot(core: Core, posts: Sequence[dict[str, Any]]) -> Comparison:
    """Posts that came through the platforms' API against the ledger's published ones."""
    async with core.ledger.read() as conn:
        found = await publications.in_states(conn, [State.PUBLISHED])
        rows = await items.between(conn, None, None)
    shown = [f"{post['account']} {post['url']}" for post in posts if post["via"] == "api"]
    ours = [f"{pub.account} {pub.url}" for pub in found if pub.commits]
    # Further articles of one push are items without a publication of their own.
    ours += [f"{row.account} {row.url}" for row in rows if row.by_bot and row.publication is None]
    return _compare(shown, ours)


async def everything(core: Core, posts: Sequence[dict[str, Any]]) -> Comparison:
    """All public posts, by hand too, against the ledger's items of accounts that can be read."""
    async with core.ledger.read() as conn:
        rows = await items.between(conn, None, None)
        played = {account.id for account in simulated(await roster.load(conn))}
    shown = [f"{post['account']} {post['url']}" for post in posts]
    ours = [
        f"{row.account} {row.url}"
        for row in rows
        if row.deleted_at is None and row.account in played
    ]
    return _compare(shown, ours)


def _compare(shown: Sequence[str], ours: Sequence[str]) -> Comparison:
    # Counters, not sets: a double post is exactly what must not vanish here.
    left, right = Counter(shown), Counter(ours)
    return Comparison(
        platforms=len(shown),
        ledger=len(ours),
        only_platforms=tuple(sorted((left - right).elements())),
        only_ledger=tuple(sorted((right - left).elements())),
    )
