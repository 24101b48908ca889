"""What was there before: earlier items with the same text, and who carried it first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.normalise import grams, letters, normalise
from bot.domain.plain import plain_text
from bot.domain.sketch import sketch
from bot.engine.ports import Core
from bot.ledger import posts, sketches, windows

LOOKED_AT = 4  # texts fetched and compared; the sketches have put the best first


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """An earlier item that shares text with what was asked about."""

    item: int
    account: str
    published_at: datetime
    title: str
    url: str
    found: float  # share of the asked text's 5-grams that stand in it, 0 to 1
    covers: float  # share of its own 5-grams that stand in the asked text: 1.0 for an excerpt


async def earlier(core: Core, text: str, before: datetime) -> list[Earlier]:
    """Up to `LOOKED_AT` items published before then, those with most of the text first,
    of about equals the earliest.

    Asks the sketches, then compares the texts themselves; those that share nothing are left out.
    """
    hashes = sketch(normalise(text))
    async with core.ledger.read() as conn:
        rows = await conn.run(lambda c: sketches.nearest(c, hashes, before, LOOKED_AT))
    if not rows:
        return []
    own = grams(letters(text))
    found = [one for row in rows if (one := _compared(row, own)).found > 0]
    return sorted(found, key=lambda one: (-round(one.found, 1), one.published_at, one.item))


def _compared(row: Any, own: frozenset[str]) -> Earlier:
    others = grams(letters(row.text))
    shared = len(own & others)
    return Earlier(
        item=row.id,
        account=row.account,
        published_at=row.published_at,
        title=row.title,
        url=row.url,
        found=shared / len(own) if own else 0.0,
        covers=shared / len(others) if others else 0.0,
    )


async def stored(core: Core, name: str) -> tuple[str, datetime] | None:
    """Text and time of the item with this link, or of this post; None when there is neither."""
    async with core.ledger.read() as conn:
        row = await windows.by_link(conn, name)
        if row is not None:
            return row.text, row.published_at
        known = (await posts.some_posts(conn, [name])).get(name)
        if known is None:
            return None
        newest = (await posts.versions(conn, [name]))[name][-1][1]
    return plain_text(newest.body) or newest.text, known.first_release_at or core.clock.now()
