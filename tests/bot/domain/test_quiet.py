"""Quiet hours, over midnight and in zones with summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.quiet import quiet_hours, span

BEIJING = ZoneInfo("Asia/Shanghai")


def at(text: str, zone: ZoneInfo = BEIJING) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        ("2026-05-06 21:29", None),
        ("2026-05-06 21:30", "2026-05-07 07:30"),
        ("2026-05-06 23:59", "2026-05-07 07:30"),
        ("2026-05-07 00:00", "2026-05-07 07:30"),
        ("2026-05-07 07:29", "2026-05-07 07:30"),
        ("2026-05-07 07:30", None),
        ("2026-05-07 12:00", None),
    ],
)
def test_over_midnight(moment: str, ends: str | None) -> None:
    quiet = quiet_hours("21:30-07:30", BEIJING)
    assert quiet is not None
    found = quiet.around(at(moment).astimezone(UTC))
    assert (found and found[1]) == (at(ends) if ends else None)


def test_within_one_day() -> None:
    quiet = quiet_hours("12:00-14:00", BEIJING)
    assert quiet is not None
    assert quiet.around(at("2026-05-06 13:00")) == (at("2026-05-06 12:00"), at("2026-05-06 14:00"))
    assert quiet.around(at("2026-05-06 11:59")) is None
    assert quiet.around(at("2026-05-06 14:00")) is None


def test_no_night_at_all() -> None:
    assert quiet_hours("", BEIJING) is None
    same = quiet_hours("07:00-07:00", BEIJING)
    assert same is not None
    assert same.around(at("2026-05-06 07:00")) is None


def test_the_night_of_summer_time_is_an_hour_shorter() -> None:
    """Clocks in Berlin go from 02:00 to 03:00 on 2026-03-29; the wall clock counts."""
    berlin = ZoneInfo("Europe/Berlin")
    quiet = quiet_hours("21:30-07:30", berlin)
    assert quiet is not None
    night = quiet.around(datetime(2026, 3, 29, 0, 30, tzinfo=UTC))
    assert night is not None
    assert [moment.astimezone(UTC).strftime("%d %H:%M") for moment in night] == [
        "28 20:30",
        "29 05:30",
    ]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30m", timedelta(minutes=30)),
        ("4h", timedelta(hours=4)),
        ("1d", timedelta(days=1)),
    ],
)
def test_spans(text: str, length: timedelta) -> None:
    assert span(text) == length


@pytest.mark.parametrize("text", ["", "4", "h", "-4h", "4 h", "4h30m"])
def test_no_spans(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        span(text)
