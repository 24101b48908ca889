"""The plan follows what was just saved, where that is safe; else `bot run` sees to it in seconds.

What others save in the folder at the same moment must not be taken for what the office wants: a
calendar that is half written, or away for an instant, has lost its posts, and they would be called
off. `bot run` waits for such files (bot/schedule/watching.py); a request does not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection

from bot.app import App
from bot.engine import plan as plans
from bot.engine.plan import Plan
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import posts
from bot.logs import get_logger
from bot.schedule.sources import MAX_SHEET_BYTES
from bot.schedule.watching import Look, Pace, glance, torn

log = get_logger(__name__)
_TRIES = 3


async def follow(app: App, own: Collection[str]) -> Plan:
    """Brings the plan in line with the files; `own` are those this was saved in, which are whole.

    Raises UsageError with the reason, in words, when it does not follow yet.
    """
    try:
        for _try in range(_TRIES):
            made = await _followed(app, own)
            if made is not None:
                return made
    except OSError as error:
        log.warning("plan.follows_later", error=str(error))
    log.info("plan.follows_later", files=sorted(own))
    message = _("Somebody is saving in the schedules folder just now. The plan follows in seconds.")
    raise UsageError(message)


async def _followed(app: App, own: Collection[str]) -> Plan | None:
    root = app.settings.office.schedules
    look = await asyncio.to_thread(glance, root)
    rest_s = _rest_s(look, own)
    if rest_s > 0:
        await asyncio.sleep(rest_s)
        return None
    if await _is_away(app, look):
        await asyncio.sleep(Pace().rest_s)
        return None
    reading = await asyncio.to_thread(app.read)
    if torn(look, await asyncio.to_thread(glance, root)):
        return None
    made = await plans.apply(app.core, reading)
    # What was saved meanwhile may have been planned meanwhile, and was overwritten just now.
    return None if torn(look, await asyncio.to_thread(glance, root)) else made


def _rest_s(look: Look, own: Collection[str]) -> float:
    """How long to wait until no file that is read whole may still be written."""
    young = (
        max(written_ns, changed_ns) / 1e9
        for path, (size, written_ns, changed_ns) in look.items()
        if path not in own and size <= MAX_SHEET_BYTES
    )
    rest_s = Pace().rest_s
    return min(rest_s, max(young, default=0.0) + rest_s - time.time())


async def _is_away(app: App, look: Look) -> bool:
    """True while a file with posts that are still to go out is not there, or empty."""
    async with app.core.ledger.read() as conn:
        files = await posts.open_files(conn)
    return any(look.get(file, (0, 0, 0))[0] == 0 for file in files)
