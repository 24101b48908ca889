"""`bot web`: the desk alone, where another process publishes."""

from __future__ import annotations

import asyncio

from bot.app import open_app
from bot.cli.ids import say
from bot.cli.loop import on_stop, run_fast
from bot.cli.output import notes, settings_in_force
from bot.i18n import _
from bot.web.app import watched


def web() -> None:
    """Serves the desk alone, until it is stopped; publishing is the work of `bot run`."""
    settings = settings_in_force()

    async def work() -> None:
        async with open_app(settings) as app:
            stop = asyncio.Event()
            on_stop(stop.set)
            async with watched(app, say):
                notes.print(_("Running. Press Ctrl-C to stop."))
                await stop.wait()

    run_fast(work())
