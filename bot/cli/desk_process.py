"""The desk's own process; `bot run` starts it and holds its standard input (bot/cli/beside.py)."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from bot.app import open_app
from bot.cli.loop import on_stop, run_fast
from bot.cli.output import settings_in_force
from bot.engine.health import Trouble
from bot.engine.standing import Standing
from bot.errors import BotError
from bot.logs import get_logger
from bot.web.app import for_another
from bot.web.relay import Relay

log = get_logger(__name__)
_NICE = 10


@dataclass(kw_only=True)
class Told(Standing):
    """How the calendar's files stand, as the process that reads them tells it."""

    said: Sequence[Trouble] = field(default_factory=tuple)

    def notes(self) -> list[Trouble]:
        """What somebody should know, though every planned post goes out."""
        return list(self.said)


def main() -> None:
    """Serves until the standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us
    first = sys.stdin.buffer.readline()
    if not first:
        return
    try:
        run_fast(_serve(json.loads(first)))
    except BotError as error:  # told by the publishing process, which has the same trouble
        log.error("desk.cannot_serve", error=str(error))
        raise SystemExit(1) from None


async def _serve(told: dict[str, Any]) -> None:
    settings = settings_in_force()
    stop, standing = asyncio.Event(), Told()
    on_stop(stop.set)
    _listen_to(standing, stop)
    async with open_app(settings) as app, aiohttp.ClientSession() as client:
        relay = Relay(told["address"], client, metrics_open=settings.web.metrics_open)
        listening = [_taken(one) for one in told["sockets"]]
        async with for_another(replace(app, standing=standing), listening, relay):
            _be_nice()
            await stop.wait()


def _be_nice() -> None:
    """From here on what publishes comes first; until here people wait for us."""
    if sys.platform != "win32":  # where one is made so when one is begun
        os.nice(_NICE)


def _listen_to(standing: Told, stop: asyncio.Event) -> None:
    """Takes over what comes by the standard input, in a thread of its own; its end is ours."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin.buffer:
            notes = json.loads(line)["notes"]
            standing.said = tuple(Trouble(**note) for note in notes)
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=read, name="publisher", daemon=True).start()


if sys.platform == "win32":

    def _taken(handed: str) -> socket.socket:
        return socket.fromshare(base64.b64decode(handed))

else:

    def _taken(handed: str) -> socket.socket:
        return socket.socket(fileno=int(handed))


if __name__ == "__main__":
    main()
