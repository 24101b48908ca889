"""The matrix: units, their official accounts, and each account's policy for key items."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.domain.problem import NOWHERE, Place

HAND_OFF = "handoff"  # the account mode that gives packages to a person, on any platform


class ReprintPolicy(StrEnum):
    """What happens on an account when a key item is released."""

    AUTO = "auto"  # the unit opted in: the bot reprints
    CONFIRM = "confirm"  # the bot reprints after the unit's liaison said yes
    MANUAL = "manual"  # the liaison gets a package and reprints by hand
    NONE = "none"  # this account takes no part


class AccountStatus(StrEnum):
    """Where the account stands in the registry (备案)."""

    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit 单位 of the matrix."""

    id: str
    name: str  # full registered name; account names are compared with it
    short: str  # as shown in tables
    regime: str = "sector_institution"  # or "gov"; decides the gap limits
    intro: str = ""  # the unit's own line above a reprint
    place: Place = NOWHERE


@dataclass(frozen=True, kw_only=True)
class Account:
    """A matrix account 矩阵账号 on one platform."""

    id: str
    unit: str
    platform: str
    name: str  # as shown on the platform
    verified_name: str  # the name the platform verified; must be the unit's
    kind: str = ""  # wechat: "subscription" | "service"
    status: AccountStatus = AccountStatus.ACTIVE
    filing: str = ""  # 备案号; "" means not registered
    flagship: bool = False
    reprint: ReprintPolicy = ReprintPolicy.NONE
    mode: str = ""  # one of the platform's, or `HAND_OFF`; "" is its usual way
    push: bool = False  # reprints go out as mass sends (群发) rather than 发布
    credential: str = "ledger"  # or "env:NAME"
    opened: date | None = None
    options: Mapping[str, str] = field(default_factory=dict)  # read by the platform's adapter
    place: Place = NOWHERE


@dataclass(frozen=True, kw_only=True)
class Roster:
    """All units and accounts, in the order of the file."""

    name: str = ""
    units: Mapping[str, Unit] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)

    def of_unit(self, unit: str) -> list[Account]:
        """The unit's accounts, in roster order."""
        return [account for account in self.accounts.values() if account.unit == unit]


def name_matches(account: Account, unit: Unit) -> bool:
    """True when the platform's verified name is the unit's (账号信息管理规定: they must match)."""
    return same_name(account.verified_name, unit.name)


def same_name(one: str, other: str) -> bool:
    """True for one name, whatever the width of its signs and its spaces."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())
