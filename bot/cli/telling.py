"""What a running bot says of the calendar's files: each thing once, when it begins and ends."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime

from bot.app import App
from bot.cli.calendar import kept_in_words, show_problems
from bot.cli.ids import say
from bot.cli.output import local
from bot.domain.problem import Problem
from bot.engine.plan import Plan
from bot.engine.standing import in_words
from bot.i18n import _
from bot.logs import get_logger
from bot.schedule.reader import Reading

log = get_logger(__name__)


@dataclass(kw_only=True)
class Telling:
    """Remembers what was told, and keeps `app.standing` and the metrics up to date."""

    app: App
    patience_s: float
    shut: dict[str, float] = field(default_factory=dict)  # file that does not open → since when
    _told: frozenset[tuple[str | None, ...]] = frozenset()
    _held_back: bool = False  # files that do not open are not told yet: another moment, and they do
    _last: tuple[tuple[Problem, ...], Reading] | None = None
    _gone_s: float | None = None
    _restless: frozenset[str] = frozenset()

    def planned(self, made: Plan, reading: Reading, now_s: float) -> None:
        """Tells a plan just made: the problems that are new, and how much was taken over."""
        self.shut = {file: self.shut.get(file, now_s) for file in reading.shut}
        self._last = (made.problems, reading)
        self._tell(now_s)
        if made.kept:
            say(kept_in_words(made.kept))
        say(_("{count} changes taken over.").format(count=len(made.changes)))

    def looked(self, now_s: float, restless: Set[str]) -> None:
        """The folder was looked at; tells what has lasted too long by now."""
        if self._gone_s is not None:
            self._back()
        if restless - self._restless:
            message = _("{files}: still being changed. Read as soon as that ends.")
            say(message.format(files=", ".join(sorted(restless))))
        self._restless |= restless
        if self._held_back and not self._waiting(now_s):
            self._tell(now_s)
        self.app.metrics.succeeded("calendar", self.app.core.clock.now())

    def gone(self, error: OSError, now_s: float, grace_s: float) -> None:
        """The folder could not be looked at; told when it lasts."""
        self._gone_s = now_s if self._gone_s is None else self._gone_s
        if self.app.standing.unreachable or now_s - self._gone_s < grace_s:
            return
        cause = error.strerror or str(error)
        self.app.standing.unreachable = cause
        log.warning("calendar.gone", error=cause)
        message = _(
            "The schedules folder {folder} cannot be looked at: {cause}. Nothing counts as "
            "removed; what is planned goes out. It is tried again every second."
        )
        say(message.format(folder=self.app.settings.office.schedules, cause=cause))

    def _back(self) -> None:
        self._gone_s = None
        if self.app.standing.unreachable:
            self.app.standing.unreachable = ""
            log.info("calendar.back")
            say(_("The schedules folder is there again."))

    def _waiting(self, now_s: float) -> bool:
        return any(now_s - since_s < self.patience_s for since_s in self.shut.values())

    def _tell(self, now_s: float) -> None:
        assert self._last is not None
        problems, reading = self._last
        waiting = self._waiting(now_s)
        now_told = [p for p in problems if not (waiting and p.code == "file-unreadable")]
        self._held_back = len(now_told) < len(problems)
        fresh = tuple(p for p in now_told if _same_as(p) not in self._told)
        self._told = frozenset(map(_same_as, now_told))
        if fresh or not now_told:
            show_problems(fresh, reading)
        self._note(now_told, self.app.core.clock.now())

    def _note(self, problems: Iterable[Problem], now: datetime) -> None:
        standing, zone = self.app.standing, self.app.settings.zone
        new, mended = standing.note(problems, now)
        for one in new:
            log.warning("calendar.faulty", file=one.file, errors=one.errors)
            say(in_words(one, local(one.since, zone)))
        for one in mended:
            log.info("calendar.mended", file=one.file)
            say(_("{file}: no more errors.").format(file=one.file))
        self.app.metrics.calendar({file: one.errors for file, one in standing.faulty.items()})


def _same_as(problem: Problem) -> tuple[str | None, ...]:
    """Equal for a problem that only stands in another line now."""
    return problem.code, problem.place.file, problem.post, problem.message
