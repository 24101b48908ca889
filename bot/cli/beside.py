"""The desk beside `bot run` and `bot worker`: in a process of its own, so that it slows nothing.

The publishing process opens the address, and says what there is to say. Whoever comes while the
desk's process starts (again) waits; nobody is refused. What the two tell each other goes through
the desk's standard input: first a line with all it needs, then a line whenever the notes about the
calendar change. Its end is the desk's end, however the publishing process ended.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Any

from bot.app import App
from bot.i18n import _
from bot.logs import get_logger
from bot.web.app import announce, not_served, served_at, serving, watched

log = get_logger(__name__)
_LOOK_S = 2.0  # at the notes about the calendar
_AGAIN_S = (1.0, 60.0)  # until the desk is started again: at first, and at most
_STEADY_S = 60.0  # who ran so long may start again at once
_STOP_S = 5.0
_BACKLOG = 128
_CHILD = ("-m", "bot.cli.desk_process")


@asynccontextmanager
async def beside(app: App, say: Callable[[str], object]) -> AsyncIterator[None]:
    """Serves the running program while the block runs; `say` tells the person where, or why not."""
    settings = app.settings.web
    if settings.address is None or not settings.own_process:
        async with watched(app, say):
            yield
        return
    host, port = settings.address
    try:
        listening = await asyncio.to_thread(_listen, host, port)
    except OSError as error:
        await announce(app, not_served(host, port, error), say)
        yield
        return
    try:
        await announce(app, served_at(host, listening[0].getsockname()[1]), say)
        async with _health(app) as address:
            desk = _Desk(app, listening, address)
            keeping = asyncio.create_task(desk.keep())
            try:
                yield
            finally:
                keeping.cancel()
                with suppress(asyncio.CancelledError):
                    await keeping
    finally:
        for one in listening:
            one.close()


def _listen(host: str, port: int) -> list[socket.socket]:
    """Sockets on all addresses of the host, on one port. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    made: list[socket.socket] = []
    try:
        for family, _type, _protocol, _name, address in dict.fromkeys(found):
            here = (address[0], made[0].getsockname()[1] if made else address[1])
            one = socket.create_server(here, family=family, backlog=_BACKLOG)
            made.append(one)
    except OSError:
        for one in made:
            one.close()
        raise
    return made


@asynccontextmanager
async def _health(app: App) -> AsyncIterator[str]:
    """Where the desk's process asks how this one is: an address of this machine alone."""
    local = app.settings.web.model_copy(update={"listen": "127.0.0.1:0"})
    ping = None if app.redis is None else app.redis.ping
    notes = app.standing.notes
    async with serving(local, app.core, app.metrics, ping=ping, notes=notes) as served:
        yield served.address


class _Desk:
    """The desk's process, which is started again when it ends."""

    def __init__(self, app: App, listening: Sequence[socket.socket], address: str) -> None:
        self._app = app
        self._listening = listening
        self._address = address

    async def keep(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        pause_s, most_s = _AGAIN_S
        while True:
            began = loop.time()
            try:
                code = await self._run()
                log.error("desk.ended", code=code, advice=_("It is started again."))
            except OSError as error:
                log.error("desk.not_started", error=str(error))
            if loop.time() - began > _STEADY_S:
                pause_s = _AGAIN_S[0]
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, most_s)

    async def _run(self) -> int:
        """One life of the desk: its exit code. Ends it when cancelled."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *_CHILD,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=os.environ | self._environment(),
            **_lent_to_child(self._listening),
        )
        assert process.stdin is not None
        telling = asyncio.create_task(self._tell(process.stdin, process.pid))
        try:
            return await process.wait()
        finally:
            telling.cancel()
            process.stdin.close()
            await asyncio.shield(_ended(process))

    def _environment(self) -> dict[str, str]:
        # The only thing a command line can set otherwise than the settings do.
        return {"BOT_OFFICE__SCHEDULES": str(self._app.settings.office.schedules)}

    async def _tell(self, stream: asyncio.StreamWriter, pid: int) -> None:
        lines: list[Any] = [{"address": self._address, "sockets": _handed(self._listening, pid)}]
        told: object = None
        with suppress(ConnectionError):
            while True:
                notes = [asdict(note) for note in self._app.standing.notes()]
                if notes != told:
                    lines.append({"notes": notes})
                    told = notes
                for line in lines:
                    stream.write(json.dumps(line).encode() + b"\n")
                lines = []
                await stream.drain()
                await asyncio.sleep(_LOOK_S)


async def _ended(process: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), _STOP_S)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


if sys.platform == "win32":

    def _lent_to_child(_listening: Sequence[socket.socket]) -> dict[str, Any]:
        """How the process is begun: Ctrl-C is for us, and it waits for us when there is much."""
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        return {"creationflags": flags}

    def _handed(listening: Sequence[socket.socket], pid: int) -> list[str]:
        """What the process makes the sockets of."""
        return [base64.b64encode(one.share(pid)).decode() for one in listening]

else:

    def _lent_to_child(listening: Sequence[socket.socket]) -> dict[str, Any]:
        """How the process is begun; it makes itself nice once it serves."""
        return {"pass_fds": [one.fileno() for one in listening]}

    def _handed(listening: Sequence[socket.socket], _pid: int) -> list[str]:
        """What the process makes the sockets of."""
        return [str(one.fileno()) for one in listening]
