"""What is played: one calendar file or all of a folder, with accounts as the stage has them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.domain.post import Post
from bot.domain.problem import Problem, Severity
from bot.domain.roster import HAND_OFF, Roster
from bot.engine.check import Checked, check
from bot.engine.ports import Catalog
from bot.errors import UsageError
from bot.i18n import _
from bot.schedule.reader import Reading
from bot.stage import outside

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Score:
    """The posts that are played, and when."""

    name: str  # of the file, or of the folder
    reading: Reading  # the posts chosen; accounts as the stage can play them
    checked: Checked
    start: datetime
    last_day: datetime  # the end of the day the last post is planned for
    stood_in: tuple[str, ...]  # accounts whose platform cannot be played: a person stands in
    past: int = 0  # posts left out because their time was over before `start`

    @property
    def end(self) -> datetime:
        """When the last window has closed."""
        return max(want.not_after for want in self.checked.wanted)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The errors of what is played: of its posts, and of its files where no post is meant."""
        posts, files = {post.id for post in self.reading.posts}, set(self.reading.files)
        return tuple(
            problem
            for problem in self.checked.problems
            if problem.severity is Severity.ERROR
            and (problem.post or problem.place.file) in posts | files
        )


def locate(folder: Path, named: Path | None) -> tuple[Path, str]:
    """The schedules folder, and the file of it that is meant; "" for all of them.

    Raises UsageError for what is not there or lies elsewhere.
    """
    if named is None:
        return folder, ""
    if named.is_dir():
        return named, ""
    found = next((path for path in (named, folder / named) if path.is_file()), None)
    if found is None:
        raise UsageError(_("There is no file or folder {name}.").format(name=named))
    if found.parent.resolve() != folder.resolve():
        raise UsageError(
            _(
                "{name} does not lie in the schedules folder {folder}, where its roster, texts and "
                "pictures are. Put it there, or name the folder it lies in."
            ).format(name=named, folder=folder)
        )
    return folder, found.name


def compose(
    reading: Reading,
    catalog: Catalog,
    *,
    file: str,
    first: date | None,
    last: date | None,
    zone: ZoneInfo,
) -> Score:
    """The posts of `file` planned from `first` to `last`; raises UsageError when there are none."""
    _refuse_unusable(reading, file)
    posts = [post for post in reading.posts if not file or post.place.file == file]
    if not posts:
        raise UsageError(_no_post(reading, file))
    chosen = [post for post in posts if _within(post, first, last, zone)]
    if not chosen:
        raise UsageError(
            _("{name} has no post between {first} and {last}.").format(
                name=file or reading.folder, first=first or "…", last=last or "…"
            )
        )
    roster, stood_in = _playable(reading.roster, catalog)
    files = (file,) if file else reading.files
    played = replace(reading, roster=roster, posts=tuple(chosen), files=files)
    return Score(
        name=file or str(reading.folder),
        reading=played,
        checked=check(played, catalog),
        start=_midnight(chosen[0].due_at, zone),
        last_day=_midnight(chosen[-1].due_at, zone) + _DAY,
        stood_in=stood_in,
    )


def begin_at(score: Score, now: datetime) -> Score:
    """The score from `now` on, without the posts whose time is over by then.

    Raises UsageError when none is left.
    """
    going = {want.post for want in score.checked.wanted if want.not_after > now}
    if not going:
        raise UsageError(
            _("The time of every post of {name} is over; --blank plays them all the same.").format(
                name=score.name
            )
        )
    posts = tuple(post for post in score.reading.posts if post.id in going)
    wanted = tuple(want for want in score.checked.wanted if want.post in going)
    return replace(
        score,
        reading=replace(score.reading, posts=posts),
        checked=replace(score.checked, wanted=wanted),
        start=now.replace(microsecond=0),  # platforms tell times to the second
        past=len(score.reading.posts) - len(posts),
    )


def _refuse_unusable(reading: Reading, file: str) -> None:
    if file and file not in reading.files:
        raise UsageError(
            _("{file} is not a calendar file. Those of this folder are: {files}.").format(
                file=file, files=_(", ").join(reading.files) or "—"
            )
        )
    if reading.files and (not reading.roster.accounts or reading.roster_file in reading.broken):
        message = _("{file} cannot be used: {why} `bot check` shows all that is wrong.")
        file = reading.roster_file
        raise UsageError(message.format(file=file, why=_first_problem(reading, file)))


def _no_post(reading: Reading, file: str) -> str:
    if not reading.files:
        return _first_problem(reading, "")
    if why := _first_problem(reading, file):
        message = _("{name} has no post that could be read: {why} `bot check` shows all.")
        return message.format(name=file or reading.folder, why=why)
    return _("{name} has no post yet.").format(name=file or reading.folder)


def _first_problem(reading: Reading, file: str) -> str:
    return next(
        (
            problem.message
            for problem in reading.problems
            if problem.severity is Severity.ERROR and (not file or problem.place.file == file)
        ),
        "",
    )


def _within(post: Post, first: date | None, last: date | None, zone: ZoneInfo) -> bool:
    day = post.due_at.astimezone(zone).date()
    return (first is None or first <= day) and (last is None or day <= last)


def _midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(moment.astimezone(zone).date(), time(), tzinfo=zone)


def _playable(roster: Roster, catalog: Catalog) -> tuple[Roster, tuple[str, ...]]:
    """The roster with no way to a real credential, and by hand what cannot be played."""
    known = {account.id for account in outside.simulated(roster)}
    stood_in = tuple(
        account.id
        for account in roster.accounts.values()
        if account.id not in known and catalog.capabilities(account).publishes
    )
    accounts = {
        name: replace(
            account,
            credential="ledger",
            mode=HAND_OFF if name in stood_in else account.mode,
        )
        for name, account in roster.accounts.items()
    }
    return replace(roster, accounts=accounts), stood_in
