"""What was there before: earlier items with the same text, and who carried it first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection as SyncConnection

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
    ask = partial(nearest, hashes=sketch(normal), before=before)
    async with core.ledger.read() as conn:
        rows = await conn.run(ask)
    found = [one for row in rows if (one := _compared(row, own)).found > 0]
    return sorted(found, key=lambda one: (-max(one.found, one.covers), one.published_at, one.item))


def nearest(conn: SyncConnection, *, hashes: frozenset[int], before: datetime) -> Sequence[Any]:
    """The rows worth comparing."""
    ids = sketches.nearest(conn, hashes, before, LOOKED_AT)
    return sketches.texts(conn, ids, before)


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
