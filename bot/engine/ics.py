"""Entries of a calendar as an iCalendar file (RFC 5545), by the library `icalendar`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

_NAME: Final = "xuanfa-bot"
_MOMENT: Final = timedelta(minutes=15)  # a post takes no time; programs show this much of it well
_REFRESH: Final = "PT1H"  # how often programs are asked to look again
# An iCalendar text may hold no control characters but line breaks and tabs; a byte order mark is
# lost by some who read it.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
_NO_ADDRESS: Final = re.compile(r"[\x00-\x20\x7f-\x9f]")  # a link entered by hand may hold anything


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry: at a moment when `first` is a datetime, else on whole days to `last` with it."""

    uid: str  # the same for ever, whatever else changes; unique in the feed
    title: str
    first: datetime | date
    last: date | None = None
    changed_at: datetime
    revision: int = 0  # grows with every change that people should notice
    text: str = ""
    url: str = ""
    category: str = ""
    firm: bool = True  # False: somebody must do something, or it will not come about


def write(entries: Sequence[Entry], *, name: str, zone: str) -> bytes:
    """The file: times in UTC, lines folded at 75 octets and ended with CRLF. Same in, same out."""
    made = Calendar()
    made.add("prodid", f"-//{_NAME}//calendar feed//ZH")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("name", _plain(name))  # RFC 7986; the next line is what programs really read
    made.add("x-wr-calname", _plain(name))
    made.add("x-wr-timezone", zone)
    made.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", _REFRESH)
    for entry in entries:
        made.add_component(_event(entry))
    return bytes(made.to_ical())


def _event(entry: Entry) -> Event:
    made = Event()
    made.add("uid", f"{entry.uid}@{_NAME}")
    made.add("summary", _plain(entry.title))
    made.add("dtstart", entry.first)
    made.add("dtend", _end(entry))
    made.add("dtstamp", entry.changed_at)  # without METHOD this is when it was last changed
    made.add("last-modified", entry.changed_at)
    made.add("sequence", entry.revision)
    made.add("status", "CONFIRMED" if entry.firm else "TENTATIVE")
    made.add("transp", "TRANSPARENT")  # nobody is busy because a post goes out
    if entry.text:
        made.add("description", _plain(entry.text))
    if entry.url:
        made.add("url", _NO_ADDRESS.sub("", entry.url))
    if entry.category:
        made.add("categories", [_plain(entry.category)])
    return made


def _end(entry: Entry) -> datetime | date:
    """The first moment, or the first day, after it."""
    if isinstance(entry.first, datetime):
        return entry.first + _MOMENT
    return (entry.last or entry.first) + timedelta(days=1)


def _plain(text: str) -> str:
    return _CONTROLS.sub("", text)
