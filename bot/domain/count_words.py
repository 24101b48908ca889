"""The words of the counts, for commands, pages and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain import words
from bot.domain.counts import By, Form, Span
from bot.i18n import N_, _

_TITLES = {
    By.UNIT: N_("unit"),
    By.ACCOUNT: N_("account"),
    By.PLATFORM: N_("platform"),
    By.COLUMN: N_("column"),
    By.MONTH: N_("month"),
    By.QUARTER: N_("quarter"),
    By.YEAR: N_("year"),
}
_NUMBERS = {
    "pushes": N_("pushes"),
    "articles": N_("articles"),
    "original": N_("original"),
    "reprints": N_("reprints"),
    "reposts": N_("reposts"),
    "by_bot": N_("by bot"),
    "by_hand": N_("by hand"),
}
_FORMS = {
    Form.ORIGINAL: N_("original"),
    Form.REPRINT: N_("reprint"),
    Form.REPOST: N_("repost"),
}
_WHY_NOT = {"deleted": N_("deleted since"), "twice": N_("entered twice")}
_FIRST = ("wechat", "weibo")  # as yearly reports have them
SHOWN = tuple(_NUMBERS)  # the numbers that are shown, in their order


def title(key: By) -> str:
    """What counts are told apart by."""
    return _(_TITLES[key])


def number(name: str) -> str:
    """The heading of a number."""
    return _(_NUMBERS[name])


def form(value: Form) -> str:
    """What an item is, in words."""
    return _(_FORMS[value])


def why_not(reason: str) -> str:
    """Why an item does not count."""
    return _(_WHY_NOT[reason])


def period(span: Span) -> str:
    """A period as a heading has it: 2026年5月."""
    year, _dash, part = span.label.partition("-")
    if not part:
        return _("the year {year}").format(year=year)
    if part.startswith("Q"):
        return _("quarter {quarter} of {year}").format(year=year, quarter=part[1:])
    return _("{year}-{month}").format(year=year, month=int(part))


def sentence(by_platform: Mapping[str, int], unread: Sequence[str] = ()) -> str:
    """The yearly sentence: how much was published where, e.g. 微信公众号发布3篇，微博发布2篇.

    Where not all was read, it says that more may have been published.
    """
    said = {"wechat": _("WeChat accounts published {number} articles")}
    other = _("{platform} published {number}")
    parts = [
        said.get(name, other).format(platform=words.platform(name), number=by_platform.get(name, 0))
        for name in in_order(by_platform)
    ]
    text = _("{parts}.")
    if unread:
        text = _("{parts} (only what is known: not all was read of {months}).")
    return text.format(parts=_("; then ").join(parts), months=_(", ").join(runs(unread)))


def runs(months: Sequence[str]) -> list[str]:
    """Months such as "2026-05", in order; those that follow one another as one."""
    numbers = [12 * int(one[:4]) + int(one[5:]) for one in months]
    found: list[list[str]] = []
    for at, month in enumerate(months):
        if at and numbers[at] == numbers[at - 1] + 1:
            found[-1] = [found[-1][0], month]
        else:
            found.append([month])
    to = _("{first} to {last}")
    return [to.format(first=one[0], last=one[-1]) if len(one) > 1 else one[0] for one in found]


def in_order(by_platform: Mapping[str, int]) -> list[str]:
    """WeChat and Weibo, which are always named, then the others by size."""
    others = sorted(by_platform.keys() - set(_FIRST), key=lambda name: (-by_platform[name], name))
    return [*_FIRST, *others]


def definition(
    span: Span, *, reposts: int, deleted: int, twice: int, as_of: datetime, zone: ZoneInfo
) -> str:
    """What the sentence counts, in one line."""
    last = min(span.until - timedelta(seconds=1), as_of).astimezone(zone)
    return _(
        "Counted: every article of a push by itself, originals, reprints and reposts ({reposts} of "
        "these), published {first} to {last} ({zone}), as known at {as_of}; left out: {deleted} "
        "deleted since, {twice} entered twice."
    ).format(
        reposts=reposts,
        first=f"{span.since.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        last=f"{last:%Y-%m-%d %H:%M:%S}",
        zone=zone.key,
        as_of=f"{as_of.astimezone(zone):%Y-%m-%d %H:%M}",
        deleted=deleted,
        twice=twice,
    )
