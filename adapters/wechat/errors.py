"""WeChat's error codes as typed errors; errors.csv has one row a code.

HTTP is 200 for business errors and many good answers have no errcode at all: absent counts as 0.
`errmsg` changes and ends with a request id, so only the code is looked at.
DOCS/oplatform/developers/errCode (with the codes of the single pages), read 2026-11.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from adapters.http import Fields, Origin
from adapters.wechat import limits
from bot.domain.quota import Period, period_end
from bot.errors import (
    AuthFailed,
    ContractBroken,
    Copied,
    Gone,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    Unavailable,
)
from bot.i18n import _

SYSTEM_ERROR = -1
UNKNOWN_MEDIA = 40007
NO_MASS_QUOTA = 45028
TOO_FAST = 45011
SENT_ALREADY = 45065
REPEATED_TOO_FAST = 45066
DATA_NOT_READY = 61503
UNKNOWN_ARTICLE = 53600
NO_MESSAGE = 88001


class Stage(StrEnum):
    """In which part of the work a code came: it decides what a refusal means."""

    TOKEN = "token"  # fetching a credential  # noqa: S105
    READ = "read"  # a refused question says nothing about the content
    PREPARE = "prepare"
    COMMIT = "commit"


class Class(StrEnum):
    """What the table says about a code."""

    OK = "ok"
    RETRYABLE = "retryable"
    AUTH_REFRESH = "auth-refresh"  # a new token may help, once
    AUTH = "auth"  # a person must act on the account
    QUOTA = "quota-until-midnight"
    CONTENT = "content-rejected"
    PERMANENT = "permanent"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of errors.csv."""

    code: str
    kind: Class
    retry: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class Context:
    """What the time of a spent quota depends on."""

    now: datetime
    account_kind: str  # "subscription" or "service"


@cache
def table() -> dict[str, Row]:
    """Every known code: numbers as text, `publish_status:N` and `mass:…`."""
    with (Path(__file__).parent / "errors.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            Row(
                code=line["code"],
                kind=Class(line["class"]),
                retry=line["retry"],
                advice=line["advice_zh"],
            )
            for line in csv.DictReader(file)
        ]
    return {row.code: row for row in rows}


def code_of(fields: Fields) -> int:
    """The errcode of an answer, 0 when it has none."""
    return fields.number("errcode", 0)


def wants_new_token(code: int) -> bool:
    """True when the call may be repeated once with a fresh token."""
    row = table().get(str(code))
    return row is not None and row.kind is Class.AUTH_REFRESH


def error_for(code: int, origin: Origin, stage: Stage, context: Context) -> PlatformError:
    """The error a non-zero errcode means in this stage of the work."""
    row = table().get(str(code))
    advice = row.advice if row is not None else ""
    kind = _kind(code, row, stage)
    message = _("WeChat refused {action} with code {code}.").format(action=origin.action, code=code)
    error = origin.error(kind, message, code=str(code), advice=advice)
    if isinstance(error, RateLimited):
        error.retry_at = retry_at(code, context)
        error.scope = "push" if code == NO_MASS_QUOTA else "account"
    return error


def _kind(code: int, row: Row | None, stage: Stage) -> type[PlatformError]:
    if stage is Stage.COMMIT and code in (SYSTEM_ERROR, UNKNOWN_MEDIA):
        # -1: reports exist of sends that had gone out. 40007: this call published nothing, but a
        # draft that is gone may have been published by an earlier one.
        return OutcomeUnknown
    if code in (TOO_FAST, REPEATED_TOO_FAST):
        return RateLimited
    if stage is Stage.COMMIT and row is not None and row.kind is Class.OK:
        return OutcomeUnknown  # "done already", without saying where
    if stage is Stage.TOKEN and row is None:
        return Unavailable  # only a refusal we know may stop an account
    if row is None or row.kind in (Class.PERMANENT, Class.CONTENT, Class.OK):
        return _REFUSED[stage]
    if row.kind is Class.AUTH_REFRESH:
        # The token is made sure of before a commit; if it died since, the next try has a new one.
        return Unavailable if stage is Stage.COMMIT else AuthFailed
    return _KINDS[row.kind]


_REFUSED: dict[Stage, type[PlatformError]] = {
    Stage.TOKEN: AuthFailed,
    Stage.READ: ContractBroken,
    Stage.PREPARE: Rejected,
    Stage.COMMIT: Rejected,
}
_KINDS: dict[Class, type[PlatformError]] = {
    Class.RETRYABLE: Unavailable,
    Class.AUTH: AuthFailed,
    Class.QUOTA: RateLimited,
}


# Ends of a job whose article had been public: deleted by the author, banned, deleted after 群发.
# 原创校验: the account is not on the original's whitelist (wechat.md of the platform documents:
# DOCS/subscription/api/public/api_freepublish_get, DOCS/service/guide/product/message/Batch_Sends).
_COPIED = frozenset({"publish_status:2", "mass:err(30002)"})
_WAS_PUBLIC = frozenset({"publish_status:5", "publish_status:6", "mass:DELETE"})


def retry_at(code: int, context: Context) -> datetime:
    """When a spent quota is whole again.

    Mass sends: the next day for 公众号, the next month for 服务号
    (DOCS/service/guide/product/message/Batch_Sends). The reset hour is taken to be 00:00 in
    Beijing; no page names it.
    """
    if code == REPEATED_TOO_FAST:
        return context.now + timedelta(seconds=limits.CLIENT_ID_WAIT_S)
    if code == TOO_FAST:
        return context.now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if code == NO_MASS_QUOTA and context.account_kind == "service":
        return period_end(context.now, Period.MONTH)
    return period_end(context.now, Period.DAY)


def verdict(origin: Origin, code: str, more: str = "") -> PlatformError:
    """The error for a finished job that did not publish, e.g. `publish_status:4`.

    `more`: a sentence that says what is known beyond the code.
    """
    row = table().get(code)
    if row is None:
        return origin.broken(
            _("WeChat reports a state nobody documented: {code}.").format(code=code)
        )
    message = _("WeChat did not publish it ({code}): {advice}")
    kind = Gone if code in _WAS_PUBLIC else Copied if code in _COPIED else Rejected
    return origin.error(
        kind,
        " ".join(filter(None, (message.format(code=code, advice=row.advice), more))),
        code=code,
        advice=row.advice,
    )
