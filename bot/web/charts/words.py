"""Numbers and times as charts write them."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from bot.i18n import _


def day(value: date) -> str:
    """A day of the year: 5月31日."""
    return _("{month}/{day}").format(month=value.month, day=value.day)


def full_day(value: date) -> str:
    """A day with its year."""
    return _("{year}-{month}-{day}").format(year=value.year, month=value.month, day=value.day)


def moment(value: datetime, zone: tzinfo) -> str:
    """A time of a day: 5月31日 09:30."""
    local = value.astimezone(zone)
    return f"{day(local.date())} {local:%H:%M}"


def full_moment(value: datetime | None, zone: tzinfo) -> str:
    """A time with its year; "" for none."""
    if value is None:
        return ""
    local = value.astimezone(zone)
    return f"{full_day(local.date())} {local:%H:%M}"


def month(number: int) -> str:
    """A month's name as an axis has it."""
    return _("month {number}").format(number=number)


def weekday(number: int) -> str:
    """A day of the week in one character; Monday is 0."""
    return (_("Mo"), _("Tu"), _("We"), _("Th"), _("Fr"), _("Sa"), _("Su"))[number]


def number(value: int) -> str:
    """A count, in groups of three digits."""
    return f"{value:,}"


def share(part: int, whole: int) -> str:
    """A part in per cent; "–" of nothing."""
    return f"{part / whole:.0%}" if whole else "–"


def length(minutes: int) -> str:
    """How long, in the unit that suits: 5分钟, 2小时, 3天."""
    if minutes < 60:
        return _("{count} min").format(count=minutes)
    if minutes < 24 * 60:
        hours = f"{minutes / 60:.1f}".removesuffix(".0")
        return _("{count} h").format(count=hours)
    days = f"{minutes / 60 / 24:.1f}".removesuffix(".0")
    return _("{count} days").format(count=days)
