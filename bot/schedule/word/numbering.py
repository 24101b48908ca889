"""Automatic numbers and bullets: Word keeps only the rule, the signs are counted out here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element

from bot.schedule.word.styles import number, value

_DIGITS: Final = "〇一二三四五六七八九"
_CIRCLED: Final = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_STEMS: Final = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES: Final = "子丑寅卯辰巳午未申酉戌亥"
_CAPITAL: Final = "零壹贰叁肆伍陆柒捌玖"
_ROMAN: Final = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_PLACE: Final = re.compile(r"%([1-9])")
_MOST: Final = 9_999


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What stands in front of a paragraph."""

    level: int
    bullet: bool = False
    number: int = 0  # for "1." only, which Markdown counts as well
    text: str = ""  # any other sign, written out: "一、", "（2）", "①"


@dataclass(frozen=True, kw_only=True)
class _Level:
    form: str = "decimal"
    text: str = ""
    start: int = 1
    after: str = "tab"  # what follows: "tab", "space", "nothing"


@dataclass(kw_only=True)
class _List:
    """One list and how far it is counted; numberings that share a definition share it."""

    levels: Mapping[int, _Level]
    counts: dict[int, int] = field(default_factory=dict)

    def mark(self, level: int) -> Mark:
        rule = self.levels.get(level, _Level(form="bullet"))
        self.counts[level] = self.counts.get(level, rule.start - 1) + 1
        self.counts = {key: count for key, count in self.counts.items() if key <= level}
        if rule.form == "bullet":
            return Mark(level=level, bullet=True)
        if rule.form == "decimal" and rule.text == f"%{level + 1}.":
            return Mark(level=level, number=self.counts[level])
        text = _PLACE.sub(lambda found: self._shown(int(found[1]) - 1), rule.text)
        return Mark(level=level, text=text + _gap(text, rule.after))

    def _shown(self, level: int) -> str:
        rule = self.levels.get(level, _Level())
        count = self.counts.get(level, rule.start)
        form = _FORMS.get(rule.form, str)
        return form(count) if 0 < count <= _MOST else str(count)


class Numbering:
    """The lists of one file."""

    def __init__(self, root: Element | None) -> None:
        every = list(root) if root is not None else []
        self._rules = {
            each.get("w:abstractNumId", ""): each for each in every if each.tag == "w:abstractNum"
        }
        self._named = {
            name: key
            for key, each in self._rules.items()
            if (name := value(each, "w:styleLink")) is not None
        }
        self._uses = {each.get("w:numId", ""): each for each in every if each.tag == "w:num"}
        self._lists: dict[str, _List] = {}
        self._started: set[str] = set()

    def mark(self, name: str, level: int) -> Mark | None:
        """The next mark of the numbering; None when the file does not define it."""
        use = self._uses.get(name)
        rule = self._rule(use)
        if use is None or rule is None:
            return None
        own = [each for each in use if each.tag == "w:lvlOverride"]
        redefined = any(each.find("w:lvl") is not None for each in own)
        key = f"use {name}" if redefined else rule.get("w:abstractNumId", "")
        if key not in self._lists:
            levels = _levels(rule) | {
                level: found for each in own for level, found in _levels(each).items()
            }
            self._lists[key] = _List(levels=levels)
        if name not in self._started:
            self._started.add(name)
            _restart(self._lists[key], own)
        return self._lists[key].mark(level)

    def _rule(self, use: Element | None) -> Element | None:
        rule = self._rules.get(value(use, "w:abstractNumId") or "")
        linked = value(rule, "w:numStyleLink")
        return self._rules[self._named[linked]] if linked in self._named else rule


def _levels(parent: Element) -> dict[int, _Level]:
    return {
        number(each.get("w:ilvl"), 0): _Level(
            form=value(each, "w:numFmt") or "decimal",
            text=value(each, "w:lvlText") or "",
            start=number(value(each, "w:start"), 0),
            after=value(each, "w:suff") or "tab",
        )
        for each in parent
        if each.tag == "w:lvl"
    }


def _restart(found: _List, overrides: list[Element]) -> None:
    for each in overrides:
        start = value(each, "w:startOverride")
        if start is not None:
            found.counts[number(each.get("w:ilvl"), 0)] = number(start, 1) - 1


def _gap(text: str, after: str) -> str:
    # Chinese punctuation brings its own room along.
    wanted = bool(text) and after != "nothing" and (text[-1].isalpha() or text[-1] < "\u2000")
    return " " if wanted else ""


def _chinese(count: int) -> str:
    """12 as 十二, 105 as 一百〇五."""
    said = "".join(
        _DIGITS[int(digit)] + unit if digit != "0" else "〇"
        for digit, unit in zip(str(count), ["千", "百", "十", ""][-len(str(count)) :], strict=True)
    )
    said = re.sub("〇+", "〇", said).rstrip("〇")
    return said.removeprefix("一") if said.startswith("一十") else said


def _legal(count: int) -> str:
    """12 as 壹拾贰."""
    said = ("一" if 10 <= count < 20 else "") + _chinese(count)
    return said.translate(str.maketrans(_DIGITS + "十百千", _CAPITAL + "拾佰仟"))


def _letters(count: int) -> str:
    return chr(ord("a") + (count - 1) % 26) * min((count - 1) // 26 + 1, 20)


def _roman(count: int) -> str:
    said = ""
    for worth, sign in _ROMAN:
        said += sign * (count // worth)
        count %= worth
    return said


def _one_of(signs: str) -> Callable[[int], str]:
    return lambda count: signs[count - 1] if count <= len(signs) else str(count)


_FULL: Final = str.maketrans("0123456789", "０１２３４５６７８９")
_FORMS: Final[Mapping[str, Callable[[int], str]]] = {
    "none": lambda count: "",
    "decimalZero": lambda count: f"{count:02}",
    "decimalFullWidth": lambda count: str(count).translate(_FULL),
    "lowerLetter": _letters,
    "upperLetter": lambda count: _letters(count).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda count: _roman(count).upper(),
    "decimalEnclosedCircle": _one_of(_CIRCLED),
    "decimalEnclosedCircleChinese": _one_of(_CIRCLED),
    "ideographTraditional": _one_of(_STEMS),
    "ideographZodiac": _one_of(_BRANCHES),
    "ideographDigital": lambda count: "".join(_DIGITS[int(digit)] for digit in str(count)),
    "chineseLegalSimplified": _legal,
    **dict.fromkeys(
        (
            "chineseCounting", "chineseCountingThousand", "taiwaneseCounting",
            "taiwaneseCountingThousand", "japaneseCounting", "koreanDigital2",
        ),
        _chinese,
    ),
}  # fmt: skip
