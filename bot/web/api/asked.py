"""What calls have in common: periods, pages of long lists, texts."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from bot.domain.counts import Span, parse_span
from bot.engine.task_faults import TEXT_MAX
from bot.i18n import _
from bot.web.api.declared import Asked
from bot.web.api.faults import Fault

PAGE = 200
_DAY = r"^(20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?$"
_PERIOD = r"^(20\d\d(-(0[1-9]|1[0-2]|Q[1-4]))?)?$"
_PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"  # no ledger takes the others

Name = Annotated[str, StringConstraints(max_length=100, pattern=_PLAIN)]
Text = Annotated[str, StringConstraints(max_length=TEXT_MAX, pattern=_PLAIN)]
Link = Annotated[str, StringConstraints(max_length=2000, pattern=_PLAIN)]
Day = Annotated[str, StringConstraints(pattern=_DAY)]


class Paged(Asked):
    """A page of a long list."""

    limit: int = Field(default=PAGE, ge=1, le=PAGE)
    after: str = Field(default="", max_length=64, pattern=r"^[0-9]*(-[0-9]+)?$")  # the last `next`


class Within(Asked):
    """A period: a year, quarter or month (2026, 2026-Q2, 2026-05), or two days."""

    period: str = Field(default="", pattern=_PERIOD)
    first: Day = Field(default="", alias="from")
    last: Day = Field(default="", alias="to")

    @property
    def given(self) -> bool:
        """True when the call says one."""
        return bool(self.period or self.first or self.last)

    def span(self, now: datetime, zone: ZoneInfo) -> Span:
        """The period; this month when none is given."""
        if not (self.first or self.last):
            return parse_span(self.period or f"{now.astimezone(zone):%Y-%m}", zone)
        since = day(self.first, zone) if self.first else day("2000-01-01", zone)
        until = day(self.last, zone) if self.last else now
        if until < since or self.period:
            raise Fault(422, _("Give `period`, or `from` and `to` with `from` before `to`."))
        return Span(label=f"{self.first}–{self.last}", since=since, until=until + timedelta(days=1))


def day(text: str, zone: ZoneInfo) -> datetime:
    """The day's first moment; raises Fault for 30 February."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone)
    except ValueError as error:
        message = _("{text} is not a day; write it as 2026-05-07.")
        raise Fault(422, message.format(text=text)) from error
