"""The headings of a sheet's columns: Chinese words for the keys of a calendar file.

The keys and what each takes come from the shapes; a new key needs one line in the tables below.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from bot.schedule.cells import narrow
from bot.schedule.near import nearest
from bot.schedule.shapes import ArticleShape, KeyShape, OverrideShape, PostShape, Shape


class Kind(StrEnum):
    """How a column's cells are read."""

    TEXT = "text"
    FLAG = "flag"
    MOMENT = "moment"
    DAY = "day"  # half of a moment
    CLOCK = "clock"  # the other half
    DATE = "date"  # a day by itself
    INSTANT = "instant"  # a day and time that is not the post's own
    SPAN = "span"
    DEADLINE = "deadline"
    NAMES = "names"
    IDS = "ids"
    PAIRS = "pairs"
    TOPIC = "topic"
    TREE = "tree"  # JSON
    IGNORED = "ignored"


@dataclass(frozen=True, kw_only=True)
class Column:
    """What stands below a heading."""

    keys: tuple[str | int, ...]  # where it belongs in a post, e.g. ("variants", "weibo", "text")
    kind: Kind
    heading: str  # as it is written by `bot export`

    @property
    def name(self) -> str:
        """The path with dots, e.g. "variants.weibo.text"."""
        return ".".join(map(str, self.keys))


# The first word is the one that is written; the others are understood as well.
POST: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("编号", "稿件编号"),
    "at": ("发布时间", "计划发布时间", "发布日期", "推送时间"),
    "title": ("标题", "稿件标题", "题目"),
    "slot": ("栏目日期", "期次"),
    "after": ("跟随稿件", "接在稿件后"),
    "embargo": ("禁发时限", "解禁时间"),
    "accounts": ("账号", "发布账号", "帐号"),
    "column": ("栏目",),
    "topic": ("选题", "选题类型", "类型"),
    "body": ("正文", "正文文件"),
    "text": ("短文", "微博文案", "文案"),
    "digest": ("摘要",),
    "cover": ("封面", "封面图"),
    "images": ("图片", "配图"),
    "video": ("视频",),
    "author": ("作者", "供稿", "供稿单位"),
    "reviewer": ("审核人", "审核", "审稿人"),
    "source": ("来源",),
    "source_url": ("来源链接", "来源网址"),
    "link": ("原文链接", "阅读原文"),
    "push": ("群发",),
    "window": ("发布窗口", "窗口"),
    "ai_generated": ("AI生成", "AI生成内容"),
    "patient_story": ("患者故事",),
    "consent": ("知情同意", "知情同意书"),
    "ignore": ("免检规则", "忽略规则"),
}
KEY: Final[Mapping[str, tuple[str, ...]]] = {
    "deadline": ("重点稿件转载时限", "转载时限"),
    "spread": ("分散时间",),
    "must": ("应转单位", "应转"),
    "may": ("可转单位", "可转"),
    "exempt": ("免转单位", "免转"),
    "declared_original": ("已声明原创", "声明原创"),
}
OVERRIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "options": ("选项",),
    "intro": ("转载按语", "按语", "导语"),
}
TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    "science": ("科普", "健康科普"),
    "policy": ("政策", "政策解读"),
    "feature": ("专题",),
    "profile": ("人物",),
    "notice": ("通知", "公告", "提示"),
    "news": ("新闻", "要闻", "动态"),
    "video": ("视频",),
    "clinic": ("就诊", "门诊"),
    "reprint": ("转载",),
    "health-day": ("健康日", "卫生日"),
    "weibo": ("微博",),
}
PLATFORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "wechat": ("微信", "公众号", "微信公众号"),
    "weibo": ("微博", "新浪微博"),
    "douyin": ("抖音",),
    "kuaishou": ("快手",),
    "channels": ("视频号", "微信视频号"),
    "bilibili": ("哔哩哔哩", "B站"),
    "website": ("网站", "官网"),
    "xiaohongshu": ("小红书",),
    "toutiao": ("今日头条", "头条"),
    "baijiahao": ("百家号",),
    "zhihu": ("知乎",),
    "qq": ("企鹅号", "腾讯内容开放平台"),
    "people": ("人民号",),
    "pengpai": ("澎湃号",),
}
DAY: Final = Column(keys=("at",), kind=Kind.DAY, heading="日期")
CLOCK: Final = Column(keys=("at",), kind=Kind.CLOCK, heading="时间")
IGNORED: Final = ("备注", "序号", "星期", "周次", "note", "notes")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a file says once for all its posts: a name in one cell, its value in the next."""

    words: tuple[str, ...]
    column: Column


SETTINGS: Final[Mapping[tuple[str, ...], Setting]] = {
    keys: Setting(words=words, column=Column(keys=keys, kind=kind, heading=words[0]))
    for keys, words, kind in (
        (("timezone",), ("时区",), Kind.TEXT),
        (("defaults", "accounts"), ("默认账号",), Kind.IDS),
        (("defaults", "window"), ("默认窗口", "默认发布窗口"), Kind.SPAN),
        (("columns",), ("栏目定义",), Kind.TREE),
    )
}
_KINDS: Final[Mapping[str, Kind]] = {
    "at": Kind.MOMENT,
    "accounts": Kind.IDS,
    "topic": Kind.TOPIC,
    "deadline": Kind.DEADLINE,
    "must": Kind.IDS,
    "may": Kind.IDS,
}
_NOTE: Final = re.compile(r"(?<=.)\([^()]*\)$|[*:]+$")  # “标题（必填）”, “标题*”
_APART: Final = re.compile(r"\s*[·•・‧.:/|]\s*")  # as NFKC leaves them
_FURTHER: Final = re.compile(r"第\s*(\d{1,2}|[二三四五六七八])\s*[条篇]")
_NUMBERS: Final = "一二三四五六七八"
_COUNTED: Final = re.compile(r"(.+?)\s*(\d{1,2})")


def kind_of(name: str, annotation: Any) -> Kind:
    """How the cells of a key of this type are read."""
    plain = _plain(annotation)
    if name in _KINDS:
        return _KINDS[name]
    if plain is bool:
        return Kind.FLAG
    if plain is timedelta:
        return Kind.SPAN
    if plain is datetime:
        return Kind.INSTANT
    if plain is date:
        return Kind.DATE
    return {list: Kind.NAMES, dict: Kind.PAIRS}.get(get_origin(plain) or plain, Kind.TEXT)


def _plain(annotation: Any) -> Any:
    """A type without Annotated and without None."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _plain(next(each for each in get_args(annotation) if each is not NoneType))
    return annotation


def _has_shapes(annotation: Any) -> bool:
    """True for a key whose value has keys of its own."""
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        return True
    return any(_has_shapes(each) for each in get_args(annotation))


def columns_of(
    shape: type[Shape], words: Mapping[str, tuple[str, ...]], *keys: str | int, before: str = ""
) -> Iterator[tuple[Column, tuple[str, ...]]]:
    """A shape's own columns, each with all words for it."""
    for name, field in shape.model_fields.items():
        if not _has_shapes(field.annotation):
            known = words.get(name, ())
            heading = before + (known[0] if known else name)
            column = Column(
                keys=(*keys, name), kind=kind_of(name, field.annotation), heading=heading
            )
            yield column, (*known, name)


@cache
def own_columns() -> Mapping[str, Column]:
    """The columns of a post itself and of its key item, by every word for them."""
    found: dict[str, Column] = {}
    for column, words in columns_of(PostShape, POST):
        found |= {squeezed(word): column for word in words}
    for column, words in columns_of(KeyShape, KEY, "key"):
        found |= {squeezed(word): column for word in (*words, f"key.{words[-1]}")}
    for part in (DAY, CLOCK):
        found[squeezed(part.heading)] = part
    found |= {"date": DAY, "time": CLOCK}
    for word in IGNORED:
        found[squeezed(word)] = Column(keys=(), kind=Kind.IGNORED, heading=word)
    return found


@cache
def _below(shape: type[Shape]) -> Mapping[str, Column]:
    """The columns of an override or a further article, by every word for them."""
    return {
        squeezed(word): column
        for column, words in columns_of(shape, {**POST, **OVERRIDE})
        for word in words
    }


_PLATFORM_OF: Final = {
    word.lower(): name for name, words in PLATFORMS.items() for word in (*words, name)
}


def squeezed(heading: str) -> str:
    """A heading without what people add to it: spaces, stars, notes in brackets, capitals."""
    text = narrow(heading).replace(" ", "").lower()
    while (shorter := _NOTE.sub("", text)) != text:
        text = shorter
    return text


def platform_word(platform: str) -> str:
    """The Chinese name of a platform, its id where there is none."""
    return PLATFORMS.get(platform, (platform,))[0]


def column_of(heading: str) -> Column | None:
    """The column a heading means, None when it is not known."""
    text = squeezed(heading)
    found = own_columns().get(text)
    if found is not None:
        return found
    counted = _COUNTED.fullmatch(text)
    if counted is not None:
        found = own_columns().get(counted[1])
        if found is not None and found.kind in (Kind.NAMES, Kind.IDS):
            return found
    return _compound(text)


def _compound(text: str) -> Column | None:
    """ "微博·短文", "第2条·标题", "variants.weibo.text"."""
    front, *back = _APART.split(text, maxsplit=1)
    if not back:
        return None
    if front in ("variants", "more"):
        return _compound(_as_words(front, back[0]))
    further = _FURTHER.fullmatch(front)
    if further is not None:
        number = int(further[1]) if further[1].isdecimal() else _NUMBERS.index(further[1]) + 1
        below = _below(ArticleShape).get(back[0])
        if below is None or number < 2:
            return None
        return _moved(below, ("more", number - 2), f"第{number}条")
    platform = _PLATFORM_OF.get(front, front if re.fullmatch(r"[a-z][a-z0-9-]*", front) else "")
    below = _below(OverrideShape).get(back[0]) if platform else None
    if below is None:
        return None
    return _moved(below, ("variants", platform), platform_word(platform))


def _as_words(front: str, back: str) -> str:
    """The path of a calendar file as a heading."""
    if front == "more":
        number, _dot, rest = back.partition(".")
        return f"第{int(number) + 2}条·{rest}" if number.isdecimal() else ""
    return back


def _moved(below: Column, keys: tuple[str | int, ...], before: str) -> Column:
    return Column(keys=(*keys, *below.keys), kind=below.kind, heading=f"{before}·{below.heading}")


def column_at(*keys: str | int) -> Column:
    """The column of a key's values. Raises KeyError for a key no post has."""
    front, *rest = keys
    if front == "variants":
        platform = str(rest[0])
        below = _below(OverrideShape)[str(rest[1])]
        return _moved(below, ("variants", platform), platform_word(platform))
    if front == "more":
        number = int(rest[0])
        return _moved(_below(ArticleShape)[str(rest[1])], ("more", number), f"第{number + 2}条")
    return next(column for column in post_columns() if column.keys == keys)


@cache
def post_columns() -> tuple[Column, ...]:
    """The columns of a post itself and of its key item, in the order they are written."""
    own = {column.name: column for column, _words in columns_of(PostShape, POST)}
    key = [column for column, _words in columns_of(KeyShape, KEY, "key")]
    ordered = [own.pop(name) for name in POST if name in own]
    return (*ordered, *own.values(), *key)


def heading_of(keys: Sequence[str | int]) -> str:
    """The heading below which a key's values stand; the key itself where it has none."""
    front, *rest = keys or ("",)
    if front == "variants" and len(rest) > 1:
        return f"{platform_word(str(rest[0]))}·{_word(str(rest[1]))}"
    if front == "more" and len(rest) > 1:
        return f"第{int(rest[0]) + 2}条·{_word(str(rest[1]))}"
    if front == "key" and rest:
        return KEY.get(str(rest[0]), (str(rest[0]),))[0]
    return POST.get(str(front), (str(front),))[0]


def _word(name: str) -> str:
    return {**POST, **OVERRIDE}.get(name, (name,))[0]


def near_heading(heading: str) -> str:
    """The known heading most like a mistyped one, "" when none is near."""
    text = squeezed(heading)
    front, *back = _APART.split(text, maxsplit=1)
    if back:
        word = _near(back[0], [*_below(OverrideShape), *_below(ArticleShape)])
        found = column_of(f"{front}·{word}") or column_of(f"{_near(front, _PLATFORM_OF)}·{word}")
        return found.heading if found is not None else ""
    known = own_columns()
    word = _near(text, known)
    return known[word].heading if word else ""


def _near(word: str, words: Iterable[str]) -> str:
    """The nearest word. The usual measure thinks of longer words than Chinese ones."""
    known = list(words)
    alike = (each for each in known if _alike(word, each))
    return word if word in known else nearest(word, known) or next(alike, "")


def _alike(word: str, known: str) -> bool:
    """True for words of which one holds the other, or that differ in one character."""
    if len(word) < 2 or len(known) < 2:
        return False
    same = sum(a == b for a, b in zip(word, known, strict=False))
    return word in known or known in word or (len(word) == len(known) == same + 1)
