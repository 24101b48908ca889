"""Writes a calendar as an Excel workbook that people fill in: headings, dropdowns, explanations."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from bot.domain.roster import Roster
from bot.i18n import N_, _
from bot.schedule.exports import (
    Calendar,
    Plain,
    columns_for,
    settings_of,
    values_of,
    written,
)
from bot.schedule.headings import (
    TOPICS,
    Column,
    Kind,
    heading_of,
    platform_word,
    post_columns,
)

_CHOICES: Final = "选项"
_ROOM: Final = 500  # rows below the headings that have dropdowns
_ACCOUNT_COLUMNS: Final = 3  # at least so many accounts can be chosen, each in a column
_MOST_ACCOUNT_COLUMNS: Final = 8
_TIME_FORM: Final = "yyyy-mm-dd hh:mm"
_TIMES: Final = frozenset({Kind.MOMENT, Kind.INSTANT})
_WIDTHS: Final[Mapping[str, int]] = {
    "id": 22,
    "at": 17,
    "title": 36,
    "accounts": 26,
    "text": 50,
    "digest": 40,
    "body": 30,
    "reviewer": 20,
    "images": 24,
    "cover": 22,
    "video": 22,
    "source_url": 28,
    "link": 28,
}
# What is needed for the template even when no post uses it.
_USUAL: Final = (
    *("id", "at", "title", "accounts", "column", "topic", "body", "text", "digest", "cover"),
    *("images", "video", "author", "reviewer", "source", "source_url", "link", "push", "window"),
    *("ai_generated", "patient_story", "consent", "deadline", "spread", "exempt"),
)
# One line for each heading; what has none here needs no explanation.
HELP: Final[Mapping[str, str]] = {
    "id": N_("Required. Letters, digits and hyphens; never changed once the post is planned."),
    "at": N_("Required. Day and time. Instead of one column there may be two, 日期 and 时间."),
    "title": N_("Required."),
    "slot": N_("The day of the column this post is for; then the time may be left out."),
    "after": N_("The id of another post from whose time this one's is counted: T+4h."),
    "embargo": N_("Nowhere before this day and time."),
    "accounts": N_("One account in each cell, or several parted by “、”. Left out: 默认账号."),
    "column": N_("The column the post belongs to, for example 周三科普."),
    "topic": N_("What kind of post it is. A post of the topic 科普 needs a reviewer."),
    "body": N_("The file with the article, for example posts/0506-hand-hygiene.md."),
    "text": N_("The short text itself, for Weibo and as caption of a video."),
    "digest": N_("The summary below the title on WeChat."),
    "cover": N_("The file of the cover, for example media/cover-03.jpg; WeChat needs one."),
    "images": N_("Files of pictures, parted by “、”; Weibo takes one."),
    "video": N_("The file of the video; Douyin, Kuaishou, Bilibili and Channels need one."),
    "author": N_("Who wrote it, as it is shown."),
    "reviewer": N_("Who answers for what is said, with title; required for the topic 科普."),
    "source": N_("Required for the topic 转载: where it comes from."),
    "source_url": N_("Required for the topic 转载: its address there."),
    "link": N_("The address behind 阅读原文."),
    "push": N_("是: a mass send 群发 on WeChat, which costs quota."),
    "window": N_("How late it may still go out, for example 6h, 30m, 2d or 6小时."),
    "ai_generated": N_("是: made by a machine; it is labelled so."),
    "patient_story": N_("是: tells of a patient; needs the reference of the consent."),
    "consent": N_("The number of the patient's signed consent, never the paper itself."),
    "ignore": N_("Rules that are switched off for this post, with the reason: code：reason"),
    "key.deadline": N_("Makes it a key item 重点稿件: T+4h, T+24h or T+48h."),
    "key.spread": N_("Reprints are spread over this time after the first release, for example 2h."),
    "key.must": N_("Units that must reprint; left empty, all units must."),
    "key.may": N_("Units that may reprint; they are never counted as missing."),
    "key.exempt": N_("Units that need not reprint, with the reason: u14：与康复专科无关；u15：…"),
    "key.declared_original": N_(
        "是: declared original (原创) on WeChat; only accounts on its whitelist can copy it there."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A month's posts on a sheet of their own."""

    title: str
    posts: Sequence[Plain]


@dataclass(frozen=True, kw_only=True)
class _Formats:
    head: Format
    text: Format
    moment: Format
    example: Format
    wrapped: Format


def to_xlsx(
    calendar: Calendar, sheets: Sequence[Sheet], roster: Roster, *, created: datetime, example: bool
) -> bytes:
    """The workbook. `calendar` gives its settings, `sheets` its posts. Raises Unsayable."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": created.replace(tzinfo=None)})
    writer = _Writer(book=book, roster=roster, example=example, formats=_formats(book))
    for sheet in sheets:
        writer.posts(sheet)
    writer.settings(settings_of(calendar, kind="xlsx"))
    writer.explanations()
    writer.choices()
    book.close()
    return stream.getvalue()


def _formats(book: xlsxwriter.Workbook) -> _Formats:
    head = {"bold": True, "bg_color": "#DDEBF7", "border": 1, "valign": "vcenter"}
    top = {"valign": "top"}
    return _Formats(
        head=book.add_format({**head, "text_wrap": True, "num_format": "@"}),
        # As text, so that no program makes a date of “5-6” or a number of “0506”.
        text=book.add_format({**top, "num_format": "@", "text_wrap": True}),
        moment=book.add_format({**top, "num_format": _TIME_FORM}),
        example=book.add_format({**top, "italic": True, "font_color": "#808080"}),
        wrapped=book.add_format({**top, "text_wrap": True}),
    )


@dataclass(kw_only=True)
class _Writer:
    book: xlsxwriter.Workbook
    roster: Roster
    example: bool
    formats: _Formats
    columns_used: set[str] = field(default_factory=set)

    def posts(self, sheet: Sheet) -> None:
        """A sheet of posts with headings, dropdowns and room for more."""
        page = self.book.add_worksheet(sheet.title)
        columns = _spread(_columns(sheet.posts, template=self.example or not sheet.posts), sheet)
        for index, (column, heading) in enumerate(columns):
            page.write_string(0, index, heading, self.formats.head)
            form = self.formats.moment if column.kind in _TIMES else self.formats.text
            page.set_column(index, index, _WIDTHS.get(column.name, 14), form)
            self._validate(page, index, column)
        page.set_row(0, 24)
        page.freeze_panes(1, 3)
        page.autofilter(0, 0, max(len(sheet.posts), 1), len(columns) - 1)
        rows = [dict(_cells(post, columns, self.roster)) for post in sheet.posts]
        rows = [_example(columns), *rows] if self.example else rows
        for number, row in enumerate(rows, start=1):
            self._row(page, number, row)
        self.columns_used |= {post["column"] for post in sheet.posts if post.get("column")}

    def _row(self, page: Worksheet, number: int, row: Mapping[int, str | datetime]) -> None:
        form = self.formats.example if self.example and number == 1 else None
        for index, value in row.items():
            if isinstance(value, datetime):
                page.write_datetime(number, index, value, self.formats.moment)
            else:
                page.write_string(number, index, value, form or self.formats.text)

    def _validate(self, page: Worksheet, index: int, column: Column) -> None:
        lists = {"accounts": "A", "column": "B", "topic": "C"}
        rules: dict[str, Any] = {"error_type": "warning", "error_title": _("Please look again")}
        if column.name in lists:
            where = lists[column.name]
            rules |= {"validate": "list", "source": f"={_CHOICES}!${where}$2:${where}${_ROOM}"}
            rules["error_message"] = _("This is not in the list. Keep it all the same?")
        elif column.kind is Kind.FLAG:
            rules |= {"validate": "list", "source": ["是", "否"], "error_type": "stop"}
            rules["error_message"] = _("Choose 是 or 否.")
        elif column.kind in _TIMES:
            rules |= {"validate": "date", "criteria": ">", "value": datetime(2000, 1, 1)}  # noqa: DTZ001
            rules["error_message"] = _("Write day and time, for example 2026-05-06 10:00.")
        else:
            return
        page.data_validation(1, index, _ROOM, index, rules)

    def settings(self, rows: Sequence[tuple[str, str]]) -> None:
        """The sheet 设置."""
        page = self.book.add_worksheet("设置")
        page.set_column(0, 0, 14)
        page.set_column(1, 1, 60, self.formats.text)
        for number, (name, value) in enumerate(rows):
            page.write_string(number, 0, name, self.formats.head)
            page.write_string(number, 1, value, self.formats.text)

    def explanations(self) -> None:
        """The sheet 说明."""
        page = self.book.add_worksheet("说明")
        page.set_column(0, 0, 22)
        page.set_column(1, 1, 90, self.formats.wrapped)
        page.write_string(0, 0, _("heading"), self.formats.head)
        page.write_string(0, 1, _("what stands there"), self.formats.head)
        for number, column in enumerate(_explained(), start=1):
            page.write_string(number, 0, column.heading)
            page.write_string(number, 1, _(HELP[column.name]))
        further = [
            _("Rows whose first cell begins with 示例 or # are not read; nor are columns 备注."),
            _("What is said differently on one platform has a column such as 微博·短文."),
            _("Further articles of one WeChat message have columns such as 第2条·标题."),
            _("（无） in a cell says that there is nothing on purpose."),
        ]
        for number, text in enumerate(further, start=len(_explained()) + 2):
            page.write_string(number, 1, text)

    def choices(self) -> None:
        """The hidden sheet the dropdowns are made of."""
        page = self.book.add_worksheet(_CHOICES)
        accounts = [
            _choice(account.id, account.name, account.platform)
            for account in self.roster.accounts.values()
        ]
        topics = [words[0] for words in TOPICS.values()]
        for index, (key, values) in enumerate(
            (("accounts", accounts), ("column", sorted(self.columns_used)), ("topic", topics))
        ):
            page.write_string(0, index, heading_of((key,)))
            for number, value in enumerate(values[: _ROOM - 1], start=1):
                page.write_string(number, index, value)
        page.hide()


def _explained() -> list[Column]:
    return [column for column in post_columns() if column.name in HELP]


def _choice(account: str, name: str, platform: str) -> str:
    """ "u01-wechat 健康澜汀（微信）", without what would part it in two."""
    plain = "".join(" " if char in "、，,；;\n" else char for char in name)
    return f"{account} {plain}（{platform_word(platform)}）"


def _columns(posts: Sequence[Plain], *, template: bool) -> list[Column]:
    usual = [column for column in post_columns() if str(column.keys[-1]) in _USUAL]
    return columns_for(posts, usual if template else ())


def _spread(columns: Sequence[Column], sheet: Sheet) -> list[tuple[Column, str]]:
    """The columns with their headings; accounts have several, one for each account."""
    most = max((len(post.get("accounts") or ()) for post in sheet.posts), default=0)
    count = min(max(most, _ACCOUNT_COLUMNS), _MOST_ACCOUNT_COLUMNS)
    made = []
    for column in columns:
        made.append((column, column.heading))
        if column.name == "accounts":
            made += [(column, f"{column.heading}{number}") for number in range(2, count + 1)]
    return made


def _cells(
    post: Plain, columns: Sequence[tuple[Column, str]], roster: Roster
) -> Sequence[tuple[int, str | datetime]]:
    """The post's values by the index of their column."""
    found: list[tuple[int, str | datetime]] = []
    where = [column.keys for column, _heading in columns]
    for column, value in values_of(post):
        first = where.index(column.keys)
        if column.name == "accounts" and value:
            room = where.count(column.keys)
            parts = [*([each] for each in value[: room - 1]), value[room - 1 :]]
            texts = [written(column, part, kind="xlsx") for part in parts if part]
            found += [(first + index, _shown(text, roster)) for index, text in enumerate(texts)]
        elif column.kind in _TIMES:
            found.append((first, _moment(written(column, value, kind="xlsx"))))
        else:
            found.append((first, written(column, value, kind="xlsx")))
    return found


def _shown(text: str, roster: Roster) -> str:
    """An account as the dropdown has it; several of them, or one not known, as they are."""
    account = roster.accounts.get(text)
    return text if account is None else _choice(account.id, account.name, account.platform)


def _moment(text: str) -> str | datetime:
    """A time as a date cell; as text where a program would show it as something else."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007
    except ValueError:  # counted from another post
        return text
    # Midnight looks like a day without a time, and before 2000 nobody plans.
    return moment if moment.hour + moment.minute and 2000 <= moment.year < 2099 else text


def _example(columns: Sequence[tuple[Column, str]]) -> dict[int, str | datetime]:
    """The row that shows how it is done; its id says that it is none."""
    said = {
        "id": "示例：0506-hand-hygiene",
        "at": "2026-05-06 10:00",
        "title": "手卫生，从七步洗手法开始",
        "accounts": "u01-wechat 健康澜汀（微信）",
        "topic": "科普",
        "body": "posts/0506-hand-hygiene.md",
        "reviewer": "区疾控中心传染病防制科",
    }
    seen = set()
    row: dict[int, str | datetime] = {}
    for index, (column, _heading) in enumerate(columns):
        if column.name in said and column.name not in seen:
            seen.add(column.name)
            row[index] = said[column.name]
    return row
