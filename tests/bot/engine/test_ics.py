"""Whatever is in an entry, another parser reads the same back from lines that are not too long."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from unicodedata import category

from hypothesis import given, settings
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from bot.engine.ics import Entry, write

BOM = "\ufeff"
NOW = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
# Texts with what must be escaped, folded or left out in them; surrogates are no characters.
TEXTS = st.text(
    st.sampled_from("a世🚭 \n\t\\;,:\"'=\x00\x0b\x1b\r{}《％\u2028\x85\ufeff")
    | st.characters(codec="utf-8"),
    max_size=120,
)


def kept(text: str) -> str:
    """What is left of a text without control characters and byte order marks."""
    left = (char for char in text if char in "\n\t" or category(char) != "Cc")
    return "".join(left).replace(BOM, "")


@settings(deadline=None)
@given(TEXTS.filter(lambda text: kept(text).strip() != ""), TEXTS, TEXTS)
def test_texts_survive(title: str, text: str, url: str) -> None:
    entry = Entry(uid="post-p1", title=title, first=NOW, changed_at=NOW, text=text, url=url)
    raw = write([entry], name="排期", zone="Asia/Shanghai")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75
    assert raw.count(b"\n") == raw.count(b"\r\n")
    [event] = IcsCalendarStream.calendar_from_ics(raw.decode()).events
    assert event.summary == kept(title)
    assert (event.description or "") == kept(text)


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2100, 12, 1)), st.integers(0, 40))
def test_whole_days_end_before_the_next(first: date, more: int) -> None:
    last = first + timedelta(days=more)
    entry = Entry(uid="day-1", title="周", first=first, last=last, changed_at=NOW)
    [event] = IcsCalendarStream.calendar_from_ics(
        write([entry], name="", zone="Asia/Shanghai").decode()
    ).events
    assert (event.dtstart, event.dtend) == (first, last + timedelta(days=1))
