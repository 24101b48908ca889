"""The texts of each half of the corpus: key items, the flagship's other posts, and phrases.

"dev" is the half the rules were tuned on, "test" the half their figures come from. No text is in
both. All of them are the project's own and invented.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from bot.domain.plain import plain_text
from tests.data import health_texts
from tests.matching.dice import Dice

Split = Literal["dev", "test"]
SPLITS: tuple[Split, ...] = ("dev", "test")
ROOT = Path(__file__).parents[2]
_SCHEDULE = ROOT / "schedules" / "2026-05.yaml"
_POSTS = ROOT / "schedules" / "posts"
_CORRECTED = "k5-heat-warning"
_KEY_POSTS = 9  # of each half's posts so many are taken for key items, beside the real ones
_REAL = {
    "dev": ("k1-family-doctor", "k3-nurses-day", "k5-heat-warning"),
    "test": ("k2-dengue-alert", "k4-long-prescription", "k6-no-tobacco"),
}
_SHORT = {
    "dev": [
        ("0502-video-cpr", "胸外按压这样做"),
        ("0503-weibo-picnic", "野餐带饭三个提醒"),
    ],
    "test": [("0506-video-inhaler", "吸入药的正确用法")],
}
_HEALTH = {
    "dev": [
        ("flu", health_texts.FLU_TITLE, health_texts.FLU),
        ("nurse", health_texts.NURSE_TITLE, health_texts.NURSE),
        ("hands", health_texts.HANDS_TITLE, health_texts.HANDS),
    ],
    "test": [
        ("pressure", health_texts.PRESSURE_TITLE, health_texts.PRESSURE),
        ("heat", health_texts.HEAT_TITLE, health_texts.HEAT),
        ("sleep", health_texts.SLEEP_TITLE, health_texts.SLEEP),
    ],
}


@dataclass(frozen=True, kw_only=True)
class Text:
    """One article, or a short post, of ours."""

    id: str
    title: str
    body: str  # plain, one paragraph a line
    older: str = ""  # the text before it was corrected
    caption: str = ""  # its short form

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs of the body."""
        return self.body.splitlines()


@dataclass(frozen=True, kw_only=True)
class Library:
    """All texts of one half."""

    keys: tuple[Text, ...]
    others: tuple[Text, ...]  # posts of the flagship that are no key items
    phrases: dict[str, Any]  # what the half's YAML file has besides

    def key(self, post: str) -> Text:
        """The key item with this id."""
        return next(key for key in self.keys if key.id == post)


@cache
def library(split: Split) -> Library:
    """The texts of one half, always the same."""
    path = Path(__file__).parent / "texts" / f"{split}.yaml"
    phrases = yaml.safe_load(path.read_text(encoding="utf-8"))
    posts = _posts(split)
    real = [post for post in posts if post.id.startswith("k")]
    plain = [post for post in posts if not post.id.startswith("k")]
    health = [Text(id=name, title=title, body=body) for name, title, body in _HEALTH[split]]
    series = [_text(f"series-{n}", entry) for n, entry in enumerate(phrases["series"])]
    keys = [
        *real,
        *plain[:_KEY_POSTS],
        *health,
        *_short(split),
        *_days(phrases),
        series[0],
        _text("part-0", phrases["parts"][0]),
        *_notices(split, phrases),
    ]
    dice = Dice(f"corrections {split}")
    keys = [_corrected(key, dice) if n % 3 == 1 else key for n, key in enumerate(keys)]
    return Library(keys=tuple(keys), others=(*plain[_KEY_POSTS:], series[1]), phrases=phrases)


def _corrected(key: Text, dice: Dice) -> Text:
    """The key item after a correction: a number is another one, and a sentence says so."""
    found = list(re.finditer(r"(?<![\d.\-—第])\d{1,3}(?![\d.])", key.body))
    if key.older or not found:
        return key
    spot = dice.one(found)
    number = int(spot[0]) + dice.number(3, 9)
    body = f"{key.body[: spot.start()]}{number}{key.body[spot.end() :]}"
    note = "更正：本文于次日上午核对后，改正了前一版里的一处数字，请以现在的为准。"
    return replace(key, body=f"{body}\n{note}", older=key.body)


def _text(name: str, entry: dict[str, str]) -> Text:
    return Text(id=name, title=entry["title"], body=entry["text"])


def _days(phrases: dict[str, Any]) -> list[Text]:
    return [
        Text(id=f"day-{n}", title=day["title"], body=day["this_year"])
        for n, day in enumerate(phrases["health_days"])
    ]


def _notices(split: Split, phrases: dict[str, Any]) -> list[Text]:
    dice = Dice(f"notices {split}")
    found = []
    for number, entry in enumerate(phrases["notices"]):
        fields = notice_fields(dice, phrases["units"][0])
        filled = {name: text.format(**fields) for name, text in entry.items()}
        found.append(_text(f"notice-{number}", filled))
    return found


def notice_fields(dice: Dice, unit: str) -> dict[str, str]:
    """What is filled into a template, other than last time."""
    disease, other = dice.some(("高血压", "糖尿病", "骨质疏松", "慢阻肺", "白内障", "痛风"), 2)
    return {
        "unit": unit,
        "disease": disease,
        "other": other,
        "month": str(dice.number(6, 12)),
        "day": f"{dice.number(6, 12)}月{dice.number(1, 28)}日",
        "hour": dice.one(("上午九时", "下午两时", "上午八时三十分", "下午一时三十分")),
        "place": dice.one(("桥东居委会", "渡口文化站", "门诊大厅", "云埠老街广场", "二楼会议室")),
        "phone": f"5550-{dice.number(1000, 1999)}",
        "count": str(dice.number(10, 60)),
    }


@cache
def _entries() -> dict[str, dict[str, Any]]:
    calendar = yaml.safe_load(_SCHEDULE.read_text(encoding="utf-8"))
    return {entry["id"]: entry for entry in calendar["posts"] if "id" in entry}


def _posts(split: Split) -> list[Text]:
    names = sorted(path.stem for path in _POSTS.glob("*.md") if "corrected" not in path.stem)
    mine = [name for n, name in enumerate(names) if (n % 2 == 0) == (split == "dev")]
    real = _REAL[split]
    return [_post(name) for name in (*real, *(n for n in mine if not n.startswith("k")))]


def _post(name: str) -> Text:
    entry = _entries().get(name, {})
    body = _plain(name)
    newer = _plain(f"{name}.corrected") if name == _CORRECTED else ""
    return Text(
        id=name,
        title=entry.get("title", name),
        body=newer or body,
        older=body if newer else "",
        caption=entry.get("text", ""),
    )


def _plain(name: str) -> str:
    return plain_text((_POSTS / f"{name}.md").read_text(encoding="utf-8"))


def _short(split: Split) -> list[Text]:
    return [
        Text(id=name, title=title, body=_entries()[name]["text"]) for name, title in _SHORT[split]
    ]
