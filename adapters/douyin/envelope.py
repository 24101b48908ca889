"""Douyin's answers: four envelopes in, one shape out.

A `{data:{error_code,…}, extra:{error_code, logid,…}}` · B (OAuth) `{data:{error_code,…}, message}`
· C `{data, err_no, err_msg, log_id}` · D no JSON at all, which `adapters.http` has refused already.
A success may lack data.error_code, and any number may come as a string.
https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/status-code
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.http import Answer, Fields

OK = "0"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the platform said, whatever the envelope."""

    code: str  # "0" when all is well
    text: str  # the platform's own words about the code
    log_id: str  # what its support asks for
    data: Fields


def reply_of(answer: Answer) -> Reply:
    """The reply in an answer; one that is no envelope raises as `Fields` does."""
    whole = answer.fields
    parts = [(_part(whole, name), "error_code", "description") for name in ("data", "extra")]
    parts.append((whole, "err_no", "err_msg"))
    coded = [(f.text(code, "") or OK, f.text(text, "")) for f, code, text in parts]
    code, text = next(((c, t) for c, t in coded if c != OK), (OK, ""))
    if code == OK:
        whole.fields("data")  # a success without data is no success
    log_ids = [f.text("logid", "") or f.text("log_id", "") for f, _code, _text in parts]
    return Reply(
        code=code, text=text, log_id=next(filter(None, log_ids), ""), data=_part(whole, "data")
    )


def _part(whole: Fields, name: str) -> Fields:
    """The object in the field; an empty one when there is none, as in some error answers."""
    value = whole.value.get(name)
    empty: Mapping[str, object] = {}
    return Fields(value=value if isinstance(value, dict) else empty, origin=whole.origin)
