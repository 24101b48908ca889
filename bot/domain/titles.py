"""Titles compared: how alike two are, and what must be equal for them to name the same article."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz

from bot.domain.normalise import fold, normalise, numbers

SAME_TITLE = 95.0  # rapidfuzz ratio; another disease in the same pattern reaches 88, 第13期 92
RIVAL_TITLE = 60.0  # from here two titles follow one pattern, and what their marks say counts

_BRACKET = re.compile(r"^\s*【([^】]*)】\s*")
# What may stand in front of 【title】 on Weibo: #topics# and signs.
_TITLE_ON_WEIBO = re.compile(r"^(?:#[^#\n]{1,40}#|[^\w【])*+【([^】]*)】")
_COLUMN = re.compile(r"^[^|丨]{1,10}[|丨]\s*")  # 转载｜, 健康科普丨; folded ｜ is |
_NUMBERED = re.compile(r"^\W*(?:no\.?\s*)?(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s*[、.:)|]\s*")
_ORDER = "一二三四五六七八九十"
_PART = re.compile(
    rf"\(([上中下]|[{_ORDER}]{{1,3}})\)|([上中下])[篇集辑]|[第之]([{_ORDER}]{{1,3}})(?:[篇集辑讲]|$)"
)
# One character may be all that tells two diseases apart; the ratio of long titles misses it.
_DISEASE = re.compile(
    r"[甲乙丙丁戊]型?(?:流感|肝炎|肝)|[甲乙丙丁戊]流|流感|禽流感|诺如|手足口|水痘|麻疹|风疹|腮腺炎|"
    r"百日咳|猩红热|登革热|疟疾|霍乱|痢疾|伤寒|布病|结核|艾滋|梅毒|乙脑|流脑|狂犬|鼠疫|炭疽|支原体|"
    r"合胞|腺病毒|新冠|肝炎|高血压|糖尿病|血脂|痛风|卒中|中风|心梗|冠心病|哮喘|慢阻肺|肺炎|肺癌|"
    r"胃癌|肠癌|肝癌|乳腺癌|宫颈癌|甲状腺|骨质疏松|关节炎|帕金森|阿尔茨海默|抑郁|焦虑|近视|远视|"
    r"青光眼|白内障|龋|牙周|贫血|血友病|过敏|湿疹|中暑|热射病"
)


def title_of(title: str, text: str) -> str:
    """`title`, or what stands in 【】 at the start of `text` as on Weibo, or its only line."""
    if title.strip():
        return title
    if (found := _TITLE_ON_WEIBO.match(text)) is not None:
        return found[1]
    lines = text.strip().splitlines()
    return lines[0] if len(lines) == 1 and len(lines[0]) <= 40 else ""


def without_prefix(title: str) -> str:
    """`title`, folded, without 【…】, 转载｜ and column names in front of it."""
    rest = fold(title).strip()
    while rest and (prefix := _BRACKET.match(rest) or _COLUMN.match(rest)) is not None:
        if prefix.end() >= len(rest):  # the whole title stands in brackets
            return rest.strip("【】|丨 ")
        rest = rest[prefix.end() :]
    return rest


def plain_title(title: str) -> str:
    """The letters and numbers of `title` behind its prefixes, for `ratio`."""
    return normalise(without_prefix(title))


def marks(title: str) -> frozenset[str]:
    """What may not differ between two titles of one article: digits, 期号, 上/中/下, diseases."""
    folded = fold(title)
    return (
        numbers(folded)
        | frozenset("part " + next(filter(None, m.groups())) for m in _PART.finditer(folded))
        | diseases(folded)
    )


def diseases(folded: str) -> frozenset[str]:
    """The diseases a folded or normalised text names."""
    return frozenset(_DISEASE.findall(folded))


def ratio(left: str, right: str) -> float:
    """0 to 100: how alike two plain titles are; 0 when one is empty."""
    return fuzz.ratio(left, right) if left and right else 0.0


@dataclass(frozen=True)
class Title:
    """A title with what comparing it takes, each worked out at most once."""

    raw: str

    @cached_property
    def plain(self) -> str:
        """Its letters and numbers behind prefixes."""
        return plain_title(self.raw)

    @cached_property
    def marks(self) -> frozenset[str]:
        """What may not differ, prefixes included."""
        return marks(self.raw)

    @cached_property
    def bare_marks(self) -> frozenset[str]:
        """What may not differ, without prefixes: a column's own number does not count."""
        return marks(without_prefix(self.raw))

    def is_line(self, line: str) -> bool:
        """Whether a folded `line` of a text is this title, a number or 转载｜ in front or not."""
        bare = without_prefix(_NUMBERED.sub("", line))
        plain = normalise(bare)
        return ratio(self.plain, plain) >= SAME_TITLE and self.bare_marks == marks(bare)

    def is_rival(self, other: Title) -> bool:
        """Whether `other` has its pattern for another article: 第13期, （下）, 2025年."""
        if ratio(self.plain, other.plain) < RIVAL_TITLE:
            return False
        return bool(self.bare_marks - other.bare_marks) and bool(other.bare_marks - self.bare_marks)
