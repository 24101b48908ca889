"""Every shape Douyin answers in, read in one place."""

from __future__ import annotations

import pytest

from adapters.douyin.envelope import OK, reply_of
from adapters.http import Answer, Origin
from bot.errors import ContractBroken, OutcomeUnknown


def answer(body: object, *, effect: bool = False) -> Answer:
    origin = Origin(platform="douyin", action="create_video", effect=effect, status=200)
    return Answer(status=200, headers={}, raw=b"", json=body, origin=origin)


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"error_code": 0, "item_id": "@a="}, "extra": {"error_code": 0, "logid": "L"}},
        {"data": {"error_code": "0", "item_id": "@a="}, "extra": {"error_code": "0"}},
        {"data": {"item_id": "@a="}, "extra": {"logid": "L"}},
        {"data": {"item_id": "@a="}},
        {"data": {"error_code": 0, "item_id": "@a="}, "message": "success"},
        {"data": {"item_id": "@a="}, "err_no": 0, "err_msg": "", "log_id": "L"},
        {"data": {"item_id": "@a="}, "err_no": "0"},
    ],
)
def test_a_success_is_read_from_every_shape(body: object) -> None:
    reply = reply_of(answer(body))
    assert reply.code == OK
    assert reply.data.text("item_id") == "@a="


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"error_code": 2111001, "description": "词"}, "extra": {"error_code": 2111001}},
        {"data": {"error_code": 0}, "extra": {"error_code": 2111001, "description": "词"}},
        {"data": {"error_code": "2111001", "description": "词"}, "message": "error"},
        {"extra": {"error_code": 2111001, "description": "词"}},
        {"data": None, "extra": {"error_code": "2111001", "description": "词"}},
        {"data": {}, "err_no": 2111001, "err_msg": "词", "log_id": "L"},
        {"data": "", "err_no": 2111001, "err_msg": "词"},
    ],
)
def test_a_refusal_is_read_from_every_shape(body: object) -> None:
    reply = reply_of(answer(body))
    assert (reply.code, reply.text) == ("2111001", "词")


@pytest.mark.parametrize(
    "body",
    [
        {"data": {}, "extra": {"logid": "L1"}},
        {"data": {}, "extra": {"log_id": "L1"}},
        {"data": {}, "err_no": 0, "log_id": "L1"},
    ],
)
def test_the_log_id_is_found_under_both_names(body: object) -> None:
    assert reply_of(answer(body)).log_id == "L1"


@pytest.mark.parametrize("body", [[], "ok", None, {}, {"message": "success"}, {"data": []}])
def test_what_is_no_envelope_is_no_success(body: object) -> None:
    with pytest.raises(ContractBroken):
        reply_of(answer(body))
    with pytest.raises(OutcomeUnknown):
        reply_of(answer(body, effect=True))


def test_a_create_without_an_item_id_leaves_the_outcome_open() -> None:
    reply = reply_of(answer({"data": {"error_code": 0}}, effect=True))
    with pytest.raises(OutcomeUnknown):
        reply.data.text("item_id")
