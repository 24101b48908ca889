"""The calendar while `bot run` is running: a change is taken over within two seconds."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.app import App
from bot.cli.ids import Ids, say
from bot.cli.telling import Telling
from bot.engine import plan as plans
from bot.engine.plan import Plan
from bot.errors import UsageError
from bot.logs import get_logger, said
from bot.schedule.reader import Reading
from bot.schedule.watching import Look, Pace, Rest, Settling, glance, torn

log = get_logger(__name__)
_SHARE = 130  # of one processor's time, looking takes at most one part in so many


@dataclass(kw_only=True)
class Living:
    """Looks at the schedules folder and plans anew when what is in it has changed."""

    app: App
    pace: Pace = field(default_factory=Pace)
    settling: Settling = field(init=False)
    telling: Telling = field(init=False)
    ids: Ids = field(init=False)
    _planned: Reading | None = None  # None: the next reading is planned in any case
    _again_s: float | None = None  # when that is tried again, though no file has changed

    def __post_init__(self) -> None:
        self.settling = Settling(taken={}, pace=self.pace)
        self.telling = Telling(app=self.app, patience_s=self.pace.patience_s)
        self.ids = Ids(app=self.app, patience_s=self.pace.patience_s)

    async def begin(self, *, confirmed: bool) -> Plan:
        """The first plan, of the folder as it is. Raises what `plan.apply` raises."""
        with suppress(OSError):  # a folder that is not there is a problem of the reading
            self.settling.taken = glance(self._root)
        reading = self.app.read()
        if await self.ids.give(reading):
            reading = self.app.read()
        made = await plans.apply(self.app.core, reading, confirmed=confirmed)
        self._note(made, reading)
        return made

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. Nothing that happens to the files ends it."""
        while not stop.is_set():
            try:
                pause_s = await self._turn(stop)
            except Exception as error:  # publishing needs no calendar, and this goes on too
                log.warning("calendar.failed", error=said(error))
                pause_s = self.pace.retry_s
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=pause_s)

    @property
    def _root(self) -> Path:
        return self.app.settings.office.schedules

    async def _turn(self, stop: asyncio.Event) -> float:
        """Looks once, and plans if there is reason to; how many seconds to wait then."""
        now_s = time.monotonic()
        try:
            look, anew, cost_s = await asyncio.to_thread(self._look)
        except OSError as error:
            self.telling.gone(error, now_s, self.pace.grace_s)
            return self.pace.look_s
        for file in anew:
            self.settling.forget(file)
        rest = self.settling.see(look, now_s)
        self.telling.looked(now_s, self.settling.restless)
        if rest is Rest.MOVING:
            return self.pace.rest_s
        again = self._again_s is not None and now_s >= self._again_s
        if rest is Rest.SETTLED or again:
            await self._plan(look, stop)
        return max(self.pace.look_s, cost_s * _SHARE)

    def _look(self) -> tuple[Look, list[str], float]:
        """The folder from outside, the files to read anew all the same, and what looking cost."""
        began_s = time.thread_time()
        look = glance(self._root)
        if not look and self.settling.taken:
            # What is left where a network drive was mounted is an empty folder.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        anew = [file for file in self.telling.shut if _opens(self._root / file)]
        return look, anew + self.ids.ready(), time.thread_time() - began_s

    async def _plan(self, look: Look, stop: asyncio.Event) -> None:
        """Takes the folder over as it is now; what fails is tried again by and by."""
        self._again_s = time.monotonic() + self.pace.retry_s
        try:
            reading = await asyncio.to_thread(self.app.read)
            written = await self.ids.give(reading)
            if written:
                before, look = look, await asyncio.to_thread(glance, self._root)
                if torn(before, look, but=written | self.settling.overlooked):
                    return
                reading = await asyncio.to_thread(self.app.read)
            after = await asyncio.to_thread(glance, self._root)
            if torn(look, after, but=self.settling.overlooked) or stop.is_set():
                return  # saved while it was read
            self.settling.taken = look
            if _same(reading, self._planned):
                self._again_s = None
                return
            self._planned = None
            made = await plans.apply(self.app.core, reading)
        except UsageError as error:  # a person must act; to ask every few seconds is no help
            self._again_s = None
            say(str(error))
        except Exception as error:
            log.warning("plan.failed", error=said(error))
        else:
            self._note(made, reading)

    def _note(self, made: Plan, reading: Reading) -> None:
        now_s = time.monotonic()
        # A change that was overtaken is made by the next plan, so that one must come.
        self._planned = None if made.overtaken else reading
        self._again_s = now_s + self.pace.retry_s if made.overtaken else None
        self.telling.planned(made, reading, now_s)


def _same(reading: Reading, planned: Reading | None) -> bool:
    """True when a reading says nothing that was not planned already."""
    return planned is not None and (reading.fingerprint, reading.problems, reading.shut) == (
        planned.fingerprint,
        planned.problems,
        planned.shut,
    )


def _opens(path: Path) -> bool:
    """True when a file that could not be opened now can be."""
    try:
        with path.open("rb") as stream:
            stream.read(1)
    except OSError:
        return False
    return True
