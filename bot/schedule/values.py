"""Times, durations, ids and links as the office writes them, checked with a way to put it right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from bot.i18n import _

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")
_MOMENT = re.compile(r"(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2})", re.ASCII)
# What people write instead, good enough to propose the right form.
_LOOSE_MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]*(\d{1,2})[:.时点](\d{1,2})?(?::\d\d)?分?",
    re.ASCII,
)
_CLOCK_ONLY = re.compile(r"\d{1,2}:\d{2}(:\d{2})?", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
# Of posts. “9999” means “never” to some programs, and the calendar ends there.
_YEARS: Final = range(1900, 3000)
_DURATION = re.compile(r"(-?\d{1,4})([mhd])", re.ASCII)
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_BOOLS: Final = {"true": True, "yes": True, "false": False, "no": False}


def refuse(code: str, message: str, hint: str) -> NoReturn:
    """Ends the check of a value with a problem of this code; both texts are already translated."""
    raise PydanticCustomError(code, "{message}", {"message": message, "hint": hint})


def is_id(text: str) -> bool:
    """True when `text` can be the id of a post, unit or account."""
    return _ID.fullmatch(text) is not None


def _check_id(text: str) -> str:
    if is_id(text):
        return text
    proposal = re.sub(r"[^0-9A-Za-z-]+", "-", unicodedata.normalize("NFKC", text)).strip("-")[:64]
    refuse(
        "bad-id",
        _("“{text}” cannot be an id.").format(text=text),
        _("Use up to 64 letters, digits and hyphens, for example “{example}”.").format(
            example=proposal or "0506-hand-hygiene"
        ),
    )


def to_text(value: object) -> str:
    """The value, which must be text."""
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "text expected")
    return value


def narrow_only(text: str, pattern: re.Pattern[str]) -> None:
    """Refuses text that fits `pattern` only once its full-width characters are made half-width."""
    narrow = " ".join(unicodedata.normalize("NFKC", text).split())
    if narrow != text and pattern.fullmatch(narrow):
        refuse(
            "full-width-value",
            _("“{text}” is written with full-width characters or extra spaces.").format(text=text),
            _("Write {text}").format(text=narrow),
        )


def _moment(value: object, info: ValidationInfo) -> datetime:
    text = to_text(value)
    found = _MOMENT.fullmatch(text)
    if found is None:
        narrow_only(text, _MOMENT)
        _refuse_moment(text)
    year, month, day, hour, minute = map(int, found.groups())
    zone: ZoneInfo = info.context["zone"] if info.context else ZoneInfo("UTC")
    if year not in _YEARS:
        _refuse_moment(text)
    try:
        local = datetime(year, month, day, hour, minute, tzinfo=zone)
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        _refuse_moment(text)
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        refuse(
            "time-does-not-exist",
            _("The clocks in {zone} skip {text}.").format(zone=zone.key, text=text),
            _("Choose a time an hour earlier or later."),
        )
    return moment


def _refuse_moment(text: str) -> NoReturn:
    narrow = unicodedata.normalize("NFKC", text)
    if _CLOCK_ONLY.fullmatch(narrow):
        refuse(
            "time-without-day",
            _("“{text}” is a time without its day.").format(text=text),
            _("Write the day before it: YYYY-MM-DD {text}").format(text=narrow),
        )
    hint = _("Write it as YYYY-MM-DD HH:MM, for example 2026-05-06 10:00.")
    found = _LOOSE_MOMENT.fullmatch(narrow)
    if found is not None:
        parts = [int(part or 0) for part in found.groups()]
        proposal = "{:04}-{:02}-{:02} {:02}:{:02}".format(*parts)
        if proposal != text:
            hint = _("Write {text}").format(text=proposal)
    refuse("bad-time", _("“{text}” is no day and time.").format(text=text), hint)


def _day(value: object) -> date:
    text = to_text(value)
    found = _DATE.fullmatch(text)
    try:
        if found is not None:
            return date(*map(int, found.groups()))
    except ValueError:
        pass
    refuse(
        "bad-date",
        _("“{text}” is no date.").format(text=text),
        _("Write it as YYYY-MM-DD, for example 2015-03-01."),
    )


def _duration(value: object) -> timedelta:
    text = to_text(value)
    found = _DURATION.fullmatch(text)
    if found is None or found[1].startswith("-"):
        narrow_only(text, _DURATION)
        refuse(
            "bad-duration",
            _("“{text}” is no duration.").format(text=text),
            _("Write a number and m, h or d: 30m, 6h, 2d."),
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _window(value: object) -> timedelta:
    window = _duration(value)
    if window <= timedelta():
        refuse(
            "window-not-positive",
            _("A window of {text} lets the post never go out.").format(text=value),
            _("Give at least 1m; leave the key out for the usual 6h."),
        )
    return window


@dataclass(frozen=True, kw_only=True)
class Later:
    """A time counted from another post's: so much later, or some days later at a time of day."""

    span: timedelta
    clock: time | None = None

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The time, in UTC; None when there is no such time."""
        found = moment + self.span
        if self.clock is not None:
            day = moment.astimezone(zone).date() + self.span
            found = datetime.combine(day, self.clock, zone).astimezone(UTC)
        return found if found.year in _YEARS else None


_LATER = re.compile(r"T([+-])(\d{1,4})([mhd])(?: (\d{2}):(\d{2}))?", re.ASCII)


def _when(value: object, info: ValidationInfo) -> datetime | Later:
    text = to_text(value)
    if not unicodedata.normalize("NFKC", text).lstrip().upper().startswith("T"):
        return _moment(text, info)
    later = _later(text)
    if later is None:
        narrow_only(text, _LATER)
        refuse(
            "bad-relative-time",
            _("“{text}” is no time counted from another post.").format(text=text),
            _("Write T+30m, T+4h, T+2d, or T+1d 10:00 for the next day at ten."),
        )
    return later


def _later(text: str) -> Later | None:
    found = _LATER.fullmatch(text)
    if found is None or (found[4] and found[3] != "d"):
        return None
    span = timedelta(**{_UNITS[found[3]]: int(found[1] + found[2])})
    try:
        return Later(span=span, clock=time(int(found[4]), int(found[5])) if found[4] else None)
    except ValueError:
        return None


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """An account a post goes out on, and how long after the post's time."""

    account: str
    delay: timedelta = timedelta()


_DELAY = re.compile(r"T\+(\d{1,4})([mhd])", re.ASCII)


def _carrier(value: object) -> Carrier:
    """Of `u01-weibo`, `u01-weibo T+30m` (as in a sheet) or `{u01-weibo: T+30m}`."""
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, delay),) = value.items()
        return Carrier(account=name.strip(), delay=_delay(to_text(delay)))
    text = to_text(value).strip()
    if not text:
        refuse("empty-value", _("The value is empty."), _("Fill it in."))
    name, _space, delay = text.rpartition(" ")
    if name and unicodedata.normalize("NFKC", delay).upper().startswith("T"):
        return Carrier(account=name.strip(), delay=_delay(delay))
    return Carrier(account=text)


def _delay(text: str) -> timedelta:
    found = _DELAY.fullmatch(text)
    if found is None:
        narrow_only(text, _DELAY)
        refuse(
            "bad-delay",
            _("“{text}” does not say how much later.").format(text=text),
            _("Write T+30m, T+4h or T+1d: counted from the post's own time."),
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


_DEADLINE = re.compile(r"T([+-])(\d{1,4})([mhd])", re.ASCII)


def _deadline(value: object) -> timedelta:
    text = to_text(value)
    found = _DEADLINE.fullmatch(text)
    if found is None:
        narrow_only(text, _DEADLINE)
        refuse(
            "bad-deadline",
            _("“{text}” is no deadline.").format(text=text),
            _("Count from the planned time: T+4h, T+24h or T+48h."),
        )
    span = timedelta(**{_UNITS[found[3]]: int(found[2])})
    if found[1] == "-" or not span:
        refuse(
            "deadline-not-positive",
            _("The deadline {text} does not lie after the first release.").format(text=text),
            _("Give the units time: T+4h when urgent, T+24h as a rule."),
        )
    return span


def _flag(value: object) -> bool:
    text = to_text(value)
    if text.lower() not in _BOOLS:
        refuse(
            "unknown-value",
            _("“{text}” is neither true nor false.").format(text=text),
            _("Write true or false."),
        )
    return _BOOLS[text.lower()]


def _link(value: object) -> str:
    text = to_text(value).strip()
    try:
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname and not re.search(r"\s", text):
            return text
    except ValueError:
        pass
    refuse(
        "bad-link",
        _("“{text}” is no complete address.").format(text=text),
        _("Copy the whole address from the browser, beginning with https://."),
    )


Id = Annotated[str, AfterValidator(_check_id)]
Moment = Annotated[datetime, BeforeValidator(_moment)]  # needs context {"zone": ZoneInfo}; in UTC
When = Annotated[datetime | Later, BeforeValidator(_when)]  # likewise
AccountAt = Annotated[Carrier, BeforeValidator(_carrier)]
Day = Annotated[date, BeforeValidator(_day)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Window = Annotated[timedelta, BeforeValidator(_window)]
Deadline = Annotated[timedelta, BeforeValidator(_deadline)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Link = Annotated[str, BeforeValidator(_link)]
