"""What is wrong with a call, as a document of RFC 9457 (problem+json) in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiohttp import web

from bot.i18n import N_, _

_TITLES: Mapping[int, str] = {
    401: N_("A token is needed"),
    403: N_("Not allowed"),
    404: N_("Not found"),
    405: N_("Not possible here"),
    409: N_("Not taken"),
    413: N_("Too large"),
    422: N_("Not understood"),
    429: N_("Too many tries"),
    500: N_("An error inside the program"),
    503: N_("Not possible at the moment"),
}
# What pydantic finds, in words; whatever else it finds is "not valid".
_FAULTS: Mapping[str, str] = {
    "missing": N_("is missing"),
    "extra_forbidden": N_("is not known here"),
    "enum": N_("must be one of: {expected}"),
    "literal_error": N_("must be one of: {expected}"),
    "string_too_long": N_("is too long: at most {max_length} characters"),
    "string_too_short": N_("is too short: at least {min_length} characters"),
    "string_pattern_mismatch": N_("is not written as it should be: {pattern}"),
    "too_long": N_("holds too many: at most {max_length}"),
    "greater_than_equal": N_("must be at least {ge}"),
    "less_than_equal": N_("must be at most {le}"),
    "int_parsing": N_("must be a whole number"),
    "bool_parsing": N_("must be true or false"),
    "string_type": N_("must be text"),
    "json_invalid": N_("is no JSON"),
}


class Fault(Exception):
    """The call ends with this problem."""

    def __init__(
        self, status: int, detail: str, *, code: str = "", faults: Sequence[Mapping[str, str]] = ()
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code or str(status)
        self.faults = faults


def missing(detail: str = "") -> Fault:
    """There is no such thing."""
    return Fault(404, detail or _("There is nothing at this address."))


def problem(fault: Fault, **headers: str) -> web.Response:
    """The answer."""
    document: dict[str, Any] = {
        "type": f"urn:xuanfa-bot:problem:{fault.code}",
        "title": _(_TITLES[fault.status]),
        "status": fault.status,
        "detail": fault.detail,
    }
    if fault.faults:
        document["errors"] = list(fault.faults)
    return answer(document, fault.status, "application/problem+json", **headers)


def answer(
    document: Any, status: int = 200, kind: str = "application/json", **headers: str
) -> web.Response:
    """JSON that nobody keeps a copy of."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(
        body=json.dumps(document, ensure_ascii=False).encode(),
        status=status,
        headers={
            "Content-Type": f"{kind}; charset=utf-8" if kind == "application/json" else kind,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **named,
        },
    )


def not_understood(where: str, faults: Iterable[Mapping[str, Any]]) -> Fault:
    """What pydantic found, field by field; `where` is "query" or "body"."""
    told = [
        {"where": ".".join([where, *map(str, one["loc"])]), "text": _in_words(one)}
        for one in faults
    ]
    detail = _("; ").join(_("{key} {fault}").format(key=e["where"], fault=e["text"]) for e in told)
    return Fault(422, detail, code="not-understood", faults=told)


def _in_words(fault: Mapping[str, Any]) -> str:
    known = _FAULTS.get(fault["type"])
    return _("is not valid") if known is None else _(known).format(**fault.get("ctx", {}))
