"""Gives the calendar's new entries their ids, in the files themselves."""

from __future__ import annotations

import asyncio

from bot.engine.ports import Core
from bot.ledger import posts
from bot.logs import get_logger
from bot.schedule import naming
from bot.schedule.naming import Planned
from bot.schedule.reader import Reading
from bot.schedule.writing import Written, write_all

log = get_logger(__name__)


async def give_ids(core: Core, reading: Reading, zone: str) -> Written:
    """Writes an id into every entry that can have one; each file at once or not at all.

    The same entry gets the same id again. An id that another post of the ledger has is not used.
    """
    gaps = naming.gaps(reading.sources)
    if not gaps:
        return Written()
    proposed = {name for gap in gaps for name in naming.proposals(gap)}
    async with core.ledger.read() as conn:
        known = await posts.some_posts(conn, proposed)
    planned = {
        post.id: Planned(title=post.title, day=post.due_at.date()) for post in known.values()
    }
    named = naming.name(gaps, naming.ids(reading.sources), planned)
    written = await asyncio.to_thread(write_all, reading.folder, named, zone)
    for file, count in written.counts.items():
        log.info("calendar.ids_written", file=file, ids=count)
    for file, why in written.refused.items():
        log.info("calendar.ids_refused", file=file, error=why)
    return written
