"""What was there before: earlier items with the same text, and who carried it first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.normalise import grams, normalise
from bot.domain.sketch import sketch
from bot.engine.ports import Core
from bot.ledger import sketches

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
    """Up to `LOOKED_AT` items published before then, most alike first, of equals the earliest.

    Asks the sketches, then compares the texts themselves; those that share nothing are left out.
    """
    normal = normalise(text)
    own = grams(normal)
    hashes = sketch(normal)
    async with core.ledger.read() as conn:
        rows = await conn.run(lambda c: sketches.nearest(c, hashes, before, LOOKED_AT))
    found = [one for row in rows if (one := _compared(row, own)).found > 0]
    return sorted(found, key=lambda one: (-max(one.found, one.covers), one.published_at, one.item))


def _compared(row: Any, own: frozenset[str]) -> Earlier:
    others = grams(normalise(row.text))
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
