"""Writes a roster as an Excel workbook that people fill in: headings, dropdowns, explanations."""

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
from bot.schedule.headings import PLATFORMS, Kind, platform_word
from bot.schedule.roster_export import Cells, example, texts, unit_choice
from bot.schedule.roster_headings import FIELDS, MATRIX, Field, Table

_CHOICES: Final = "选项"
_ROOM: Final = 500  # rows below the headings that have dropdowns
_DAY_FORM: Final = "yyyy/mm/dd"
_WIDTHS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("name", "verified_name", "contacts"), 28),
    **dict.fromkeys(("intro", "options", "reprint"), 22),
    **dict.fromkeys(("id", "unit", "filing"), 17),
}
_HELP: Final[Mapping[tuple[Table, str], str]] = {
    (Table.UNITS, "id"): N_("Required. Letters, digits and hyphens; never given to another unit."),
    (Table.UNITS, "name"): N_("Required. The registered name; account names must be the same."),
    (Table.UNITS, "short"): N_("As shown in tables."),
    (Table.UNITS, "regime"): N_("政务 or 行业机构; decides how long an account may be silent."),
    (Table.UNITS, "intro"): N_("The unit's own line above a reprint."),
    (Table.UNITS, "liaison"): N_("Who is told, as the office writes it."),
    (Table.UNITS, "contacts"): N_(
        "Where: an e-mail address, env:NAME of an environment variable with a robot's address, or "
        "ledger. Never the robot's address itself."
    ),
    (Table.UNITS, "reprint"): N_(
        "自动, 确认, 手动 or 不参加 for all accounts of the unit; other columns behind it: "
        "自动；通知=不参加"
    ),
    (Table.UNITS, "changed"): N_("From which day what is changed in this row counts."),
    (Table.UNITS, "closed"): N_("The first day on which it is no unit of the matrix any more."),
    (Table.UNITS, "merged_into"): N_("The id of the unit that took it over; needs 撤销日期."),
    (Table.ACCOUNTS, "id"): N_("Required. Letters, digits and hyphens; calendars name it."),
    (Table.ACCOUNTS, "unit"): N_("Required. The unit's id; chosen from the list."),
    (Table.ACCOUNTS, "verified_name"): N_("Required. Whom the platform verified."),
    (Table.ACCOUNTS, "filing"): N_("备案号; an account without one cannot publish."),
    (Table.ACCOUNTS, "changed"): N_(
        "From which day what is changed in this row counts, such as a move to another unit."
    ),
    (Table.ACCOUNTS, "closed"): N_("The first day on which it counts as closed."),
    (Table.ACCOUNTS, "verified_until"): N_("The last day of the platform's certification."),
    (Table.ACCOUNTS, "flagship"): N_("是: the matrix's own account; first releases of key items."),
    (Table.ACCOUNTS, "reprint"): N_("As above; left out, the unit's counts."),
    (Table.ACCOUNTS, "whitelisted"): N_(
        "是: the flagship's WeChat originals may be reprinted whole; left out: not known."
    ),
    (Table.ACCOUNTS, "push"): N_("是: reprints as mass sends 群发, which costs quota."),
    (Table.ACCOUNTS, "mode"): N_("人工: always by hand, also where the bot could."),
    (Table.ACCOUNTS, "credential"): N_("Left out: in the ledger; or env:NAME."),
    (Table.ACCOUNTS, "options"): N_("name：value, parted by “；”; what the platform's page names."),
}


def to_xlsx(roster: Roster, *, created: datetime, template: bool) -> bytes:
    """The workbook, with a row that shows how it is done if it is a template. Raises Unsayable."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": created.replace(tzinfo=None)})
    writer = _Writer(book=book, roster=roster, template=template)
    for table in Table:
        writer.table(table)
    writer.settings()
    writer.explanations()
    writer.choices()
    book.close()
    return stream.getvalue()


@dataclass(kw_only=True)
class _Writer:
    book: xlsxwriter.Workbook
    roster: Roster
    template: bool
    _forms: dict[str, Format] = field(default_factory=dict)

    def _form(self, name: str) -> Format:
        if not self._forms:
            head = {"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True}
            self._forms = {
                "head": self.book.add_format({**head, "num_format": "@"}),
                # As text, so that no program makes a number of “007” or a date of “5-6”.
                "text": self.book.add_format({"num_format": "@", "valign": "top"}),
                "day": self.book.add_format({"num_format": _DAY_FORM, "valign": "top"}),
                "example": self.book.add_format({"italic": True, "font_color": "#808080"}),
                "wrapped": self.book.add_format({"text_wrap": True, "valign": "top"}),
            }
        return self._forms[name]

    def table(self, table: Table) -> None:
        """A sheet of units or accounts, with room for more."""
        page = self.book.add_worksheet(table.value)
        for index, one in enumerate(FIELDS[table]):
            page.write_string(0, index, one.heading, self._form("head"))
            form = self._form("day" if one.kind is Kind.DATE else "text")
            page.set_column(index, index, _WIDTHS.get(one.key, 12), form)
            self._validate(page, index, one)
        page.freeze_panes(1, 2)
        shown = [*texts(example(), table)] if self.template else []
        rows = [*shown, *texts(self.roster, table)]
        page.autofilter(0, 0, max(len(rows), 1), len(FIELDS[table]) - 1)
        for number, row in enumerate(rows, start=1):
            self._row(page, number, row, FIELDS[table], is_example=number <= len(shown))

    def _row(
        self, page: Worksheet, number: int, row: Cells, known: Sequence[Field], *, is_example: bool
    ) -> None:
        for index, one in enumerate(known):
            text = row.get(one.key, "")
            if not text:
                continue
            if one.kind is Kind.DATE and not is_example:
                day = datetime.fromisoformat(text)
                page.write_datetime(number, index, day, self._form("day"))
            else:
                form = self._form("example" if is_example else "text")
                page.write_string(number, index, text, form)

    def _validate(self, page: Worksheet, index: int, one: Field) -> None:
        rules: dict[str, Any] = {"error_type": "warning", "error_title": _("Please look again")}
        rules["error_message"] = _("This is not in the list. Keep it all the same?")
        if one.key in ("unit", "platform"):
            where = "A" if one.key == "unit" else "B"
            rules |= {"validate": "list", "source": f"={_CHOICES}!${where}$2:${where}${_ROOM}"}
        elif one.choices:
            rules |= {"validate": "list", "source": [words[0] for words in one.choices.values()]}
        elif one.kind is Kind.FLAG:
            rules |= {"validate": "list", "source": ["是", "否"]}
        else:
            return
        page.data_validation(1, index, _ROOM, index, rules)

    def settings(self) -> None:
        """The sheet 设置."""
        page = self.book.add_worksheet("设置")
        page.set_column(0, 0, 14)
        page.set_column(1, 1, 60, self._form("text"))
        page.write_string(0, 0, MATRIX[0], self._form("head"))
        page.write_string(0, 1, self.roster.name, self._form("text"))

    def explanations(self) -> None:
        """The sheet 说明."""
        page = self.book.add_worksheet("说明")
        page.set_column(0, 1, 14)
        page.set_column(2, 2, 90, self._form("wrapped"))
        heads = (_("sheet"), _("heading"), _("what stands there"))
        lines = [
            (table, one, _HELP.get((table, one.key))) for table in Table for one in FIELDS[table]
        ]
        for index, head in enumerate(heads):
            page.write_string(0, index, head, self._form("head"))
        told = [(table, one, _(text)) for table, one, text in lines if text]
        for number, (table, one, text) in enumerate(told, start=1):
            page.write_row(number, 0, [table.value, one.heading, text])
        further = _(
            "Rows whose first cell begins with 示例 or # are not read; nor are columns 备注."
        )
        page.write_string(len(told) + 2, 2, further)

    def choices(self) -> None:
        """The hidden sheet the dropdowns are made of."""
        page = self.book.add_worksheet(_CHOICES)
        lists = [
            [unit_choice(unit) for unit in self.roster.units.values()],
            [platform_word(platform) for platform in PLATFORMS],
        ]
        for index, (title, values) in enumerate(zip(("单位列表", "平台列表"), lists, strict=True)):
            page.write_string(0, index, title)
            for number, value in enumerate(values[: _ROOM - 1], start=1):
                page.write_string(number, index, value)
        page.hide()
