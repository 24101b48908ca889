"""What an account posted, as a platform's own export tells it: sheets and CSV files into rows.

The headings of the presets are UNVERIFIED: no real export was at hand when they were written. An
office whose file has others writes them down once, see docs/imports.md.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Final, NoReturn
from zoneinfo import ZoneInfo

from bot.domain.normalise import normalise
from bot.domain.problem import Place, Problem
from bot.i18n import _
from bot.schedule import cells
from bot.schedule.cells import Refused
from bot.schedule.csvfile import read_csv
from bot.schedule.grid import Grid, Value, shown
from bot.schedule.xlsx import read_xlsx

COUNTERS: Final = ("reads", "likes", "shares", "comments")
FIELDS: Final = ("id", "url", "title", "text", "at", "day", "clock", "status", *COUNTERS)
_SAYING: Final = ("title", "text", "url", "id")  # one of them at least tells what a row is about
_SEARCHED: Final = 20  # rows among which the headings are looked for
_NOTE: Final = re.compile(r"(?<=.)[(\[].*[)\]]$|[*:]+$")  # “播放量(次)”, “标题*”
_SECONDS: Final = re.compile(r"(.*\d:\d{2}):(\d{2})(?:\.\d+)?")
_COUNT: Final = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*(万|亿|w|k)?", re.IGNORECASE)
_TIMES: Final = {"万": 10_000, "w": 10_000, "k": 1_000, "亿": 100_000_000, "": 1}
_NO_COUNT: Final = frozenset({"", "-", "--", "—", "——", "/", "n/a", "暂无", "无"})
_SUMS: Final = frozenset({"合计", "总计", "汇总", "平均", "平均值", "小计"})
# What nobody outside can see; it counts once a later export shows it as public.
_HIDDEN: Final = (
    *("审核中", "未通过", "不通过", "草稿", "定时", "待发布", "私密", "仅自己", "删除", "下架"),
    *("违规", "转码", "失败", "隐藏"),
)
_MANGLED: Final = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")  # what Excel makes of a long number
_NOON: Final = time(12)


@dataclass(frozen=True, kw_only=True)
class SheetMapping:
    """Which headings stand for which field; the first one found counts."""

    name: str
    words: Mapping[str, tuple[str, ...]]


_COMMON: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("ID", "作品ID", "内容ID", "文章ID", "视频ID"),
    "url": ("链接", "作品链接", "文章链接", "内容链接", "视频链接", "网址", "地址", "URL"),
    "title": ("标题", "文章标题", "内容标题", "作品标题", "题目", "稿件标题"),
    "text": ("正文", "内容", "文案", "简介"),
    "at": ("发布时间", "发表时间", "上线时间", "刊发时间", "首发时间"),
    "day": ("发布日期", "发表日期", "日期"),
    "clock": ("时间", "时刻"),
    "status": ("状态", "审核状态", "发布状态", "可见范围"),
    "reads": ("阅读量", "阅读数", "播放量", "播放数", "浏览量", "点击量", "总阅读量"),
    "likes": ("点赞量", "点赞数", "点赞", "喜欢"),
    "shares": ("分享量", "分享数", "转发量", "转发数", "分享", "转发"),
    "comments": ("评论量", "评论数", "评论", "留言数"),
}


def _preset(name: str, **words: tuple[str, ...]) -> SheetMapping:
    """The usual words, with what this platform calls otherwise before them. UNVERIFIED."""
    made = {key: (*words.get(key, ()), *_COMMON[key]) for key in FIELDS}
    return SheetMapping(name=name, words=made)


PRESETS: Final[Mapping[str, SheetMapping]] = {
    one.name: one
    for one in (
        _preset("plain"),
        # 视频号助手 → 数据中心 → 视频数据 → 单篇视频
        _preset(
            "channels",
            id=("视频ID", "动态ID", "feedId"),
            text=("视频描述", "动态描述", "描述"),
            likes=("推荐", "喜欢", "喜欢量"),
            shares=("分享量", "转发量", "转发聊天和朋友圈"),
        ),
        # 抖音创作者中心 → 数据中心 → 投稿分析
        _preset("douyin", id=("作品ID", "item_id"), text=("作品名称", "作品描述", "视频标题")),
        # 学习强国: what the platform's or the office's own 供稿 ledger gives
        _preset("xuexi", title=("标题", "稿件名称"), at=("刊发时间", "采用时间", "发布时间")),
    )
}


@dataclass(frozen=True, kw_only=True)
class ExportRow:
    """One post of the account, as the export tells it."""

    place: Place
    at: datetime  # UTC
    day_only: bool = False  # the export gives no time of day; noon stands for it
    id: str = ""
    url: str = ""
    title: str = ""
    text: str = ""
    counters: Mapping[str, int] = field(default_factory=dict)

    @property
    def made_id(self) -> str:
        """Its name as long as the platform tells none: the same in every later export."""
        said = f"{self.at:%Y-%m-%dT%H:%M}\n{normalise(f'{self.title} {self.text}')}"
        return f"row:{hashlib.blake2b(said.encode(), digest_size=12).hexdigest()}"


@dataclass(kw_only=True)
class Sheet:
    """What an export holds; with an error among the problems nothing of it may be taken."""

    rows: list[ExportRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    hidden: int = 0  # rows left out because the public cannot see them
    ahead: int = 0  # rows left out because their time has not come

    def say(self, place: Place, code: str, message: str, hint: str) -> None:
        """Adds an error."""
        self.problems.append(Problem(code=code, message=message, hint=hint, place=place))


def read_export(
    raw: bytes, file: str, mapping: SheetMapping, zone: ZoneInfo, now: datetime
) -> Sheet:
    """The rows of an export in the order of the file; never raises for what is wrong in it."""
    known = partial(_is_known, words=frozenset(_folded_words(mapping)))
    if file.lower().endswith(".csv"):
        grids, problems = read_csv(raw, file, known)
    else:
        grids, problems = read_xlsx(raw, file)
    sheet = Sheet(problems=list(problems))
    if not grids:
        return sheet
    found = False
    for grid in grids:
        head = None if grid.concealed else _headings(grid, mapping)
        if head is not None:
            found = True
            _Reader(grid=grid, columns=head[1], zone=zone, now=now, sheet=sheet).read(head[0] + 1)
    if not found:
        _no_headings(sheet, grids[0], mapping)
    return sheet


def _folded_words(mapping: SheetMapping) -> Iterator[str]:
    for words in mapping.words.values():
        yield from map(_folded, words)


def _is_known(cell: str, words: frozenset[str]) -> bool:
    return _folded(cell) in words


def _folded(heading: str) -> str:
    text = "".join(unicodedata.normalize("NFKC", heading).split()).lower().strip("\ufeff")
    return _NOTE.sub("", text)


def _headings(grid: Grid, mapping: SheetMapping) -> tuple[int, dict[str, int]] | None:
    """The row of the headings and the column of each field; None where none tell enough."""
    best: tuple[int, dict[str, int]] | None = None
    for row in range(min(len(grid.rows), _SEARCHED)):
        columns = _columns(grid.rows[row], mapping)
        if _tells_enough(columns) and (best is None or len(columns) > len(best[1])):
            best = (row, columns)
    return best


def _columns(row: Sequence[Value], mapping: SheetMapping) -> dict[str, int]:
    there: dict[str, int] = {}
    for column, value in enumerate(row):
        if isinstance(value, str) and value.strip():
            there.setdefault(_folded(value), column)
    found: dict[str, int] = {}
    for name, words in mapping.words.items():
        first = next((there[word] for word in map(_folded, words) if word in there), None)
        if first is not None and first not in found.values():
            found[name] = first
    return found


def _tells_enough(columns: Mapping[str, int]) -> bool:
    return bool({"at", "day"} & columns.keys()) and bool(columns.keys() & set(_SAYING))


def _no_headings(sheet: Sheet, grid: Grid, mapping: SheetMapping) -> None:
    asked = {
        name: " / ".join(mapping.words.get(name, ())[:3]) for name in ("at", "title", "text", "url")
    }
    message = _("No row of this file has the headings that are needed ({mapping}).")
    hint = _(
        "It needs a column with the time ({at}) and one with the title, text or link ({title}; "
        "{text}; {url}). For other headings write a mapping, see docs/imports.md."
    )
    place = grid.place(0, 0)
    sheet.say(place, "no-headings", message.format(mapping=mapping.name), hint.format(**asked))


@dataclass(kw_only=True)
class _Reader:
    """Reads the rows below the headings of one sheet."""

    grid: Grid
    columns: Mapping[str, int]
    zone: ZoneInfo
    now: datetime
    sheet: Sheet

    def read(self, first: int) -> None:
        for row in range(first, len(self.grid.rows)):
            if self._is_row(row):
                try:
                    self._row(row)
                except _Stop:
                    continue

    def _is_row(self, row: int) -> bool:
        values = [self._value(row, name) for name in self.columns]
        said = [shown(value).strip() for value in values]
        first = next((shown(v).strip() for v in self.grid.rows[row] if shown(v).strip()), "")
        return any(said) and first.strip(":： ") not in _SUMS

    def _value(self, row: int, name: str) -> Value:
        column = self.columns.get(name)
        return "" if column is None else self.grid.value(row, column)

    def _row(self, row: int) -> None:
        status = shown(self._value(row, "status"))
        if any(word in status for word in _HIDDEN):
            self.sheet.hidden += 1
            return
        texts = {name: self._text(row, name) for name in ("id", "title", "text")}
        url = self._url(row)
        at, day_only = self._at(row)
        counters = {name: self._count(row, name) for name in COUNTERS if name in self.columns}
        if at > self.now:
            self.sheet.ahead += 1
            return
        if not (url or any(texts.values())):
            self._refuse(
                row,
                next(name for name in _SAYING if name in self.columns),
                "missing-key",
                _("This row says neither title nor text nor link."),
                _("Fill it in, or delete the row."),
            )
        made = {name: count for name, count in counters.items() if count is not None}
        self.sheet.rows.append(
            ExportRow(
                place=self.grid.place(row, min(self.columns.values())),
                at=at,
                day_only=day_only,
                url=url,
                counters=made,
                **texts,
            )
        )

    def _refuse(self, row: int, name: str, code: str, message: str, hint: str) -> NoReturn:
        """Notes an error in the field's cell and gives the row up."""
        self.sheet.say(self.grid.place(row, self.columns[name]), code, message, hint)
        raise _Stop

    def _read(self, row: int, name: str, meaning: Callable[[Value], object]) -> object:
        spot = (row, self.columns[name])
        if self.grid.unread.get(spot):
            message = _("The cell holds a formula or an error instead of a value.")
            self._refuse(row, name, "cell-error", message, _("Write the value itself."))
        try:
            return meaning(self._value(row, name))
        except Refused as refused:
            self._refuse(row, name, *refused.told)

    def _text(self, row: int, name: str) -> str:
        if name not in self.columns:
            return ""
        text = str(self._read(row, name, cells.text_of)).lstrip("'\t").strip()
        if name == "id" and _MANGLED.fullmatch(text):
            self._refuse(
                row,
                name,
                "cell-is-number",
                _("The number {value} has lost its last figures.").format(value=text),
                _("Import the platform's own file, as it was downloaded, without saving it anew."),
            )
        return text

    def _url(self, row: int) -> str:
        text = self._text(row, "url")
        if text and not text.startswith(("https://", "http://")):
            self._refuse(
                row,
                "url",
                "bad-link",
                _("“{text}” is no web address.").format(text=text[:60]),
                _("It begins with https://; leave the cell empty where there is none."),
            )
        return text

    def _at(self, row: int) -> tuple[datetime, bool]:
        """When it became public, and whether only the day is known."""
        name = "at" if "at" in self.columns else "day"
        day, clock = self._moment(row, name)
        if clock is None and name == "day" and "clock" in self.columns:
            clock = self._moment(row, "clock")[1]
        if day is None:
            self._refuse(
                row,
                name,
                "bad-time",
                _("This row does not say when it was published."),
                _("Write it as YYYY-MM-DD HH:MM, for example 2026-05-06 10:00."),
            )
        local = datetime.combine(day, clock or _NOON, tzinfo=self.zone)
        return local.astimezone(UTC), clock is None

    def _moment(self, row: int, name: str) -> tuple[date | None, time | None]:
        value = self._value(row, name)
        if isinstance(value, datetime):
            whole = (value + timedelta(milliseconds=500)).replace(microsecond=0)
            midnight = whole.time() == time(0) and name == "day"
            return whole.date(), None if midnight else whole.time()
        if not shown(value).strip():
            return None, None
        seconds = _SECONDS.fullmatch(cells.narrow(value)) if isinstance(value, str) else None
        plain = seconds[1] if seconds else value
        found = self._read(
            row, name, lambda _cell: cells.moment(plain, epoch_1904=self.grid.epoch_1904)
        )
        assert isinstance(found, cells.Moment)
        clock = found.clock
        if clock is not None and seconds:
            clock = clock.replace(second=int(seconds[2]))
        return found.day, clock

    def _count(self, row: int, name: str) -> int | None:
        """A counter, None where the export does not tell it."""
        value = self._value(row, name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return round(value)
        text = cells.narrow(shown(value)).lower()
        if text in _NO_COUNT:
            return None
        found = _COUNT.fullmatch(text)
        if found is None:
            self._refuse(
                row,
                name,
                "wrong-type",
                _("“{text}” is no number.").format(text=text[:40]),
                _("Write a whole number, or leave the cell empty."),
            )
        number = float(found[1].replace(",", "") + (found[2] or ""))
        return round(number * _TIMES[found[3] or ""])


class _Stop(Exception):
    """The row is given up; why is among the problems."""
