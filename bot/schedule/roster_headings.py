"""The headings of a roster in a sheet: Chinese words for the keys of units and accounts.

Each key of the shapes has its line here (a test holds that); both reading and writing go by them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bot.domain.roster import HAND_OFF
from bot.schedule.headings import PLATFORMS, Kind, squeezed
from bot.schedule.shapes import AccountShape, Shape, UnitShape


class Table(StrEnum):
    """What the rows below a line of headings are; the value is the sheet's name."""

    UNITS = "单位"
    ACCOUNTS = "账号"


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column of the roster."""

    key: str
    words: tuple[str, ...]  # the first is written, the others are understood as well
    kind: Kind = Kind.TEXT
    # The value as the shapes take it → words for it, the first written.
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        return self.words[0]

    def value_of(self, word: str) -> str | None:
        """What a word of the cell means; None for one that is none of the choices."""
        text = squeezed(word)
        known = self.choices.items()
        return next(
            (value for value, words in known if text in map(squeezed, (value, *words))), None
        )

    def shown(self, value: str) -> str:
        """The word for a value, the value itself where it has none."""
        return self.choices.get(value, (value,))[0]


POLICIES: Final[Mapping[str, tuple[str, ...]]] = {
    "auto": ("自动", "自动转载"),
    "confirm": ("确认", "确认后转载", "确认后自动"),
    "manual": ("手动", "人工", "手动转载"),
    "none": ("不参加", "不转载", "不参与"),
}
MATRIX: Final = ("矩阵名称", "矩阵", "matrix")
_KINDS: Final = {"subscription": ("订阅号",), "service": ("服务号",)}
_REGIMES: Final = {
    "gov": ("政务", "政府", "政务新媒体"),
    "sector_institution": ("行业机构", "医疗卫生机构", "行业"),
}
_STATUSES: Final = {
    "active": ("正常", "在用", "启用"),
    "paused": ("暂停", "停更"),
    "closed": ("已关闭", "关闭", "已注销", "注销"),
}
_UNITS: Final = (
    Field(key="id", words=("编号", "单位编号")),
    Field(key="name", words=("全称", "单位全称", "单位名称", "名称")),
    Field(key="short", words=("简称", "单位简称")),
    Field(key="regime", words=("监管归口", "归口"), choices=_REGIMES),
    Field(key="intro", words=("转载导语", "导语")),
    Field(key="liaison", words=("联络员",)),
    Field(key="contacts", words=("联络方式", "联系方式"), kind=Kind.NAMES),
    Field(key="reprint", words=("转载方式",), choices=POLICIES),
    Field(key="opened", words=("启用日期", "成立日期"), kind=Kind.DATE),
    Field(key="changed", words=("变更日期", "变更生效日期"), kind=Kind.DATE),
    Field(key="closed", words=("撤销日期", "停用日期"), kind=Kind.DATE),
    Field(key="merged_into", words=("并入单位",)),
)
_ACCOUNTS: Final = (
    Field(key="id", words=("编号", "账号编号")),
    Field(key="unit", words=("单位", "所属单位", "单位编号")),
    Field(key="platform", words=("平台",), choices=PLATFORMS),
    Field(key="name", words=("账号名称", "名称")),
    Field(key="verified_name", words=("认证名称", "认证主体", "主体名称")),
    Field(key="kind", words=("账号类型", "类型"), choices=_KINDS),
    Field(key="filing", words=("备案号",)),
    Field(key="filed", words=("备案日期",), kind=Kind.DATE),
    Field(key="opened", words=("开通日期", "开设日期"), kind=Kind.DATE),
    Field(key="changed", words=("变更日期", "变更生效日期"), kind=Kind.DATE),
    Field(key="closed", words=("关闭日期", "注销日期", "停用日期"), kind=Kind.DATE),
    Field(key="verified_until", words=("认证到期", "认证到期日期"), kind=Kind.DATE),
    Field(key="status", words=("状态", "账号状态"), choices=_STATUSES),
    Field(key="flagship", words=("首发账号", "主账号"), kind=Kind.FLAG),
    Field(key="reprint", words=("转载方式",), choices=POLICIES),
    Field(key="whitelisted", words=("白名单", "转载白名单"), kind=Kind.FLAG),
    Field(key="push", words=("群发转载", "群发"), kind=Kind.FLAG),
    Field(key="mode", words=("发布方式",), choices={HAND_OFF: ("人工", "人工发布")}),
    Field(key="credential", words=("凭据",), choices={"ledger": ("账本",)}),
    Field(key="options", words=("平台选项",), kind=Kind.PAIRS),
)
FIELDS: Final[Mapping[Table, tuple[Field, ...]]] = {
    Table.UNITS: _UNITS,
    Table.ACCOUNTS: _ACCOUNTS,
}
# Without these headings no row can be read.
REQUIRED: Final[Mapping[Table, tuple[str, ...]]] = {
    Table.UNITS: ("id", "name"),
    Table.ACCOUNTS: ("id", "unit", "platform", "name", "verified_name"),
}
# What these cells may say beside their words: a platform or way of publishing is the bot's to know.
OPEN: Final = frozenset({"platform", "mode", "credential"})
IGNORED: Final = frozenset({"备注", "序号", "note", "notes"})
_SHAPES: Final[Mapping[type[Shape], Table]] = {
    UnitShape: Table.UNITS,
    AccountShape: Table.ACCOUNTS,
}
_BY_WORD: Final[Mapping[Table, Mapping[str, Field]]] = {
    table: {
        squeezed(word): field for field in reversed(fields) for word in (field.key, *field.words)
    }
    for table, fields in FIELDS.items()
}


def field_of(table: Table, heading: str) -> Field | None:
    """The column a heading means, None when it is not known."""
    return _BY_WORD[table].get(squeezed(heading))


def is_heading(cell: str) -> bool:
    """True for a heading of either table."""
    return any(field_of(table, cell) is not None for table in Table)


def field_at(table: Table, key: str) -> Field:
    """The column of a key. Raises StopIteration for a key the table does not have."""
    return next(field for field in FIELDS[table] if field.key == key)


def roster_heading(shape: type[Shape], loc: Sequence[str | int]) -> str:
    """The heading below which a key of units or accounts stands; "" for another shape's."""
    table = _SHAPES.get(shape)
    if table is None or not loc:
        return ""
    return next((one.heading for one in FIELDS[table] if one.key == loc[0]), "")
