"""Writes a roster as CSV, as YAML and as rows for a workbook: what the reader reads back the same.

A policy an account has from its unit is written as its own.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, Final

import yaml

from bot.domain.roster import Account, ReprintPolicy, Roster, Unit
from bot.schedule.exports import Dumper, Unsayable, written
from bot.schedule.headings import Column
from bot.schedule.registered import USUAL
from bot.schedule.roster_headings import FIELDS, MATRIX, Field, Table, field_at

Subject = Unit | Account
Cells = dict[str, str]  # key → the text of its cell
_APART: Final = re.compile(r"[；;，,、\n=＝:：]")


def rows_of(roster: Roster, table: Table, *, kind: str) -> list[Cells]:
    """The rows of one table, without empty cells. `kind` is "xlsx" or "csv". Raises Unsayable."""
    subjects: Sequence[Subject] = list(
        roster.units.values() if table is Table.UNITS else roster.accounts.values()
    )
    return [_row(table, _plain(subject), kind) for subject in subjects]


def _row(table: Table, said: Mapping[str, Any], kind: str) -> Cells:
    return {
        one.key: cell_of(table, one, said[one.key], kind=kind)
        for one in FIELDS[table]
        if said.get(one.key) not in (None, "")
    }


def cell_of(table: Table, one: Field, value: Any, *, kind: str) -> str:
    """The text of a cell which is read back as `value`. Raises Unsayable when there is none."""
    if one.key == "reprint":
        return _policy(one, value)
    if one.choices and one.value_of(one.shown(str(value))) == value:
        return one.shown(str(value))
    column = Column(keys=(one.key,), kind=one.kind, heading=one.heading)
    return written(column, value, kind=kind)


def _policy(one: Field, value: Any) -> str:
    """ "自动；通知=不参加"."""
    if isinstance(value, str):
        return one.shown(value)
    bad = next((name for name in value if _APART.search(name) or name != name.strip()), None)
    if bad is not None:
        raise Unsayable(f"{one.heading}: {bad}")
    said = {name: one.shown(word) for name, word in value.items()}
    usual = [said.pop(USUAL)] if USUAL in said else []
    return "；".join([*usual, *(f"{name}={word}" for name, word in said.items())])


def _plain(subject: Subject) -> dict[str, Any]:
    """What a roster file says of it, in the order of the fields; nothing that goes without."""
    said: dict[str, Any] = {}
    for one in fields(subject):
        value = getattr(subject, one.name)
        if one.name in ("place", "reprint_in") or value in (one.default, (), {}, None):
            continue
        said[one.name] = _as_text(value)
    if isinstance(subject, Account) or subject.reprint or subject.reprint_in:
        said["reprint"] = _policies(subject)
    return said


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else str(value)


def _policies(subject: Subject) -> str | dict[str, str]:
    usual = {USUAL: subject.reprint.value} if subject.reprint else {}
    if usual and not subject.reprint_in:
        return usual[USUAL]
    return usual | {column: policy.value for column, policy in subject.reprint_in.items()}


def to_csv(roster: Roster) -> bytes:
    """The roster as CSV that Excel opens as what it is: units, a line between, accounts."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    if roster.name:
        writer.writerow([MATRIX[0], cell_of(Table.UNITS, _NAME, roster.name, kind="csv")])
    for table in Table:
        if table is Table.ACCOUNTS:
            writer.writerow([])
        writer.writerow([one.heading for one in FIELDS[table]])
        for row in rows_of(roster, table, kind="csv"):
            writer.writerow([row.get(one.key, "") for one in FIELDS[table]])
    return stream.getvalue().encode("utf-8-sig")


_NAME: Final = field_at(Table.UNITS, "name")


def to_yaml(roster: Roster) -> bytes:
    """The roster as YAML, each unit with its accounts."""
    units = [
        _plain(unit) | {"accounts": [_without_unit(account) for account in roster.of_unit(unit.id)]}
        for unit in roster.units.values()
    ]
    head: dict[str, Any] = {"matrix": roster.name} if roster.name else {}
    text: str = yaml.dump(
        {**head, "units": units},
        Dumper=Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=1_000_000,
        default_flow_style=False,
    )
    return text.encode()


def _without_unit(account: Account) -> dict[str, Any]:
    return {name: value for name, value in _plain(account).items() if name != "unit"}


def example(mark: str = "示例：") -> Roster:
    """What a template shows: one unit and one account, whose ids begin with the mark."""
    owner = Unit(
        id=f"{mark}u02",
        name="某区第一人民医院",
        short="区一院",
        intro="区一院转给您：",
        liaison="宣传科",
        contacts=("mailto:xuanchuan@example.cn",),
        reprint=ReprintPolicy.AUTO,
        reprint_in={"通知": ReprintPolicy.NONE},
        opened=date(2015, 3, 1),
    )
    shown = Account(
        id=f"{owner.id}-wechat",
        unit="u02",
        platform="wechat",
        name="某区一院",
        verified_name=owner.name,
        kind="subscription",
        filing="某网备2019-006",
        filed=date(2019, 6, 3),
        opened=date(2017, 2, 13),
        verified_until=date(2027, 2, 12),
        whitelisted=True,
        reprint=ReprintPolicy.AUTO,
        reprint_in={"通知": ReprintPolicy.NONE},
    )
    return Roster(units={owner.id: owner}, accounts={shown.id: shown})


def texts(roster: Roster, table: Table) -> Iterator[Cells]:
    """The rows for a workbook, the unit of an account with its name behind it."""
    for row in rows_of(roster, table, kind="xlsx"):
        unit = roster.units.get(row.get("unit", ""))
        yield row if unit is None else {**row, "unit": unit_choice(unit)}


def unit_choice(unit: Unit) -> str:
    """ "u02 区一院"."""
    return f"{unit.id} {unit.short}".strip()
