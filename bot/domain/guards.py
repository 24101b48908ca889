"""What forbids an automatic verdict although the texts run alike: facts that differ.

Two notices of one template differ in little but a date, a place, a disease and a unit; so does
last year's article on the same day. A copy differs in none of them. What stands in the place of
something else is looked at, not what was left out or added.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from bot.domain.normalise import numbers_in
from bot.domain.passages import Alignment, Change
from bot.domain.titles import diseases, ratio

REWRITTEN = 0.25  # share of the common text that says something else; then it is retold
_ROUND_A_WORD = 4
_ONE_PLACE = 12  # characters of a change that touches one place; a longer one is a new wording …
_A_FEW = frozenset({"1", "2"})  # … in which 一个 and 两次 are words, no facts
_SOME_WORDS = 30  # characters of a change up to which one word stands for another;
_REWORDED = 40.0  # … in a longer one this much must be alike (rapidfuzz ratio)
_FIGURE = "0123456789.-"
_PLACE = re.compile(
    r"[^\W\d_]{2}(?:居委会|村委会|文化[站馆]|文化中心|广场|小区|街道|新村|公园|报告厅|会议室|大厅|礼堂|"
    r"学校|[小中]学|图书馆|体育馆|活动室)"
)
_TIME = re.compile(
    r"[本下上]?(?:周|星期)[一二三四五六日天末\d]|[上下]午|晚上|中午|[本下上]个?月|[今明后]天|[今明去]年"
)
_ORDINAL = re.compile(r"第(\d+)([^\d\W]{3})")


def numbers_differ(found: Alignment) -> bool:
    """Whether a number of the key text was exchanged for another one.

    A number that is left out or added counts not; nor one written another way.
    """
    return any(map(_swapped, _exchanges(found))) or _ordinals_differ(found)


def _exchanges(found: Alignment) -> Iterator[Change]:
    """Changes in which one wording stands for another; not where other paragraphs do."""
    for change in found.changes:
        long = max(len(change.was), len(change.now)) > _SOME_WORDS
        if not long or ratio(change.was, change.now) >= _REWORDED:
            yield change


def _swapped(change: Change) -> bool:
    before = change.before[len(change.before.rstrip(_FIGURE)) :]
    after = change.after[: len(change.after) - len(change.after.lstrip(_FIGURE))]
    was = numbers_in(before + change.was + after)
    now = numbers_in(before + change.now + after)
    if max(len(change.was), len(change.now)) > _ONE_PLACE:
        was, now = was - _A_FEW, now - _A_FEW
    return bool(was - now) and bool(now - was)


def _ordinals_differ(found: Alignment) -> bool:
    """Whether the 第38个世界无烟日 of one is the 第39个世界无烟日 of the other."""
    own = {(noun, number) for number, noun in _ORDINAL.findall(found.key)}
    nouns = {noun for noun, _number in own}
    other = {(noun, number) for number, noun in _ORDINAL.findall(found.other) if noun in nouns}
    return any(noun not in {n for n, _ in own & other} for noun, _number in other - own)


def subjects_differ(found: Alignment) -> bool:
    """Whether another disease is named where the key text names one."""
    return _exchanged(found, diseases)


def places_differ(found: Alignment) -> bool:
    """Whether another place or another time of day or week stands where the key text has one."""
    return _exchanged(found, _places) or _exchanged(found, _times)


def _places(text: str) -> frozenset[str]:
    return frozenset(_PLACE.findall(text))


def _times(text: str) -> frozenset[str]:
    return frozenset(_TIME.findall(text))


def _exchanged(found: Alignment, told: Callable[[str], frozenset[str]]) -> bool:
    for change in _exchanges(found):
        before, after = change.before[-_ROUND_A_WORD:], change.after[:_ROUND_A_WORD]
        was, now = told(before + change.was + after), told(before + change.now + after)
        if was - now and now - was:
            return True
    return False


def names_differ(found: Alignment, names: Collection[str], allowed: Collection[str]) -> bool:
    """Whether another of `names` stands where the key text has one; `allowed` ones may.

    A unit's short name for its full one is no other name: 区疾控中心, 区疾病预防控制中心.
    """
    changes = found.changes if found.edge is None else (found.edge, *found.changes)
    for change in changes:
        was = {name for name in names if _stands(name, change.before, change.was, change.after)}
        if not was:
            continue
        now = {name for name in names if _stands(name, change.before, change.now, change.after)}
        if any(not _is_short(name, was) for name in now - was - set(allowed)):
            return True
    return False


def _stands(name: str, before: str, place: str, after: str) -> bool:
    """Whether `name` stands in `place`, or reaches into it from what is around it."""
    reach = len(name) - 1
    before, after = before[-reach:], after[:reach]
    at = f"{before}{place}{after}".find(name)
    return at >= 0 and at < len(before) + len(place) and at + len(name) > len(before)


def _is_short(name: str, others: Collection[str]) -> bool:
    return any(_within(name, other) or _within(other, name) for other in others)


def _within(short: str, full: str) -> bool:
    """Whether the characters of `short` stand in `full`, in their order."""
    rest = iter(full)
    return all(sign in rest for sign in short)
