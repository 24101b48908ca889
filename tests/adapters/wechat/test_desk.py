"""WeChat's calls to us: signed, encrypted in every mode, forged, old, repeated, unreadable."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from adapters.registry import desk_of
from bot.clock import VirtualClock
from bot.contract import Call, Connects, Heard, Hears, Lists, Pending, Receipt
from bot.errors import AuthFailed, CallRefused, Rejected
from tests.adapters.stage import MemoryCredentials
from tests.adapters.wechat.office import KEY, OTHER_KEY, STATE, Office, until

TOKEN = "unit-token"


def own(mode: str, **more: str) -> MemoryCredentials:
    """The account's credential as a person enters it."""
    keys = {} if mode == "plain" else {"callback_aes_key": KEY}
    return MemoryCredentials(
        {"appid": "wx01", "secret": "s3cret-of-wx01", "callback_token": TOKEN} | keys | more
    )


async def enter(office: Office, mode: str, **more: str) -> bool:
    """Enters the account's own address in WeChat's console."""
    data = {"account": "u01-wechat", "url": f"{office.hooks}/own", "token": TOKEN, "mode": mode}
    keys = {} if mode == "plain" else {"aes_key": KEY}
    told = await office.control("POST", "wechat/callback", data | keys | more)
    return bool(told["confirmed"])


async def publish(office: Office, later: timedelta = timedelta(seconds=30)) -> Pending:
    done = office.done = office.granted(await office.prepared())
    outcome = await office.commit(done)
    assert isinstance(outcome, Pending)
    await office.forward(later)
    return outcome


async def finished(office: Office, mode: str) -> dict[str, Any]:
    """The call that tells of a finished 发布, to the account's own address."""
    office.own = own(mode)
    assert await enter(office, mode)
    await publish(office)
    return await office.answered("PUBLISHJOBFINISH")


async def test_the_desk_does_all_three(office: Office) -> None:
    desk = desk_of("wechat", office.tools_for(office.app), {})
    assert isinstance(desk, Hears)
    assert isinstance(desk, Connects)
    assert isinstance(desk, Lists)


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
async def test_a_finished_job_is_told_in_every_mode(office: Office, mode: str) -> None:
    office.own = own(mode)
    assert await enter(office, mode)
    outcome = await publish(office)
    call = await office.answered("PUBLISHJOBFINISH")
    assert (call["status"], call["answer"], call["tries"]) == (200, "success", 1)
    (told,) = office.last().posts
    assert told == {"publish_id": outcome.ref["publish_id"], "appid": "wx01"}
    assert told.items() <= outcome.ref.items()
    assert ("Encrypt" in call["body"]) == (mode != "plain")
    assert ("publish_id" in call["body"]) == (mode != "safe")


@pytest.mark.parametrize("mode", ["plain", "safe"])
async def test_a_finished_mass_send_is_told(office: Office, mode: str) -> None:
    office.own = own(mode)
    assert await enter(office, mode)
    office.pushing()
    outcome = await publish(office)
    call = await office.answered("MASSSENDJOBFINISH")
    assert call["taken"]
    heard = office.last()
    assert heard.posts[0] == {"msg_id": outcome.ref["msg_id"], "appid": "wx01"}
    assert heard.learned["mass_status"] == "send success"
    receipt = await office.look(office.done, Pending(ref={**outcome.ref, **heard.learned}))
    assert isinstance(receipt, Receipt)
    assert receipt.url == (await office.posts())[0]["url"]


async def test_an_address_is_confirmed_only_with_our_token(office: Office) -> None:
    office.own = own("safe")
    assert not await enter(office, "safe", token="another")
    assert isinstance(office.heard[-1][1], CallRefused)
    assert await enter(office, "safe")
    assert office.heard[-1][0].method == "GET"


async def test_events_about_other_things_are_answered_and_change_nothing(office: Office) -> None:
    call = await finished(office, "plain")
    xml = "<xml><ToUserName>gh_1</ToUserName><MsgType>event</MsgType><Event>subscribe</Event></xml>"
    # A plain call signs time and nonce only, so the same signature may not come twice.
    await office.forward(timedelta(seconds=1))
    office.desk = office.another_desk()
    assert await office.replay(call, body=xml.encode()) == (200, "success")
    assert office.last().posts == ()
    assert not office.last().revoked


async def test_an_own_server_cannot_speak_for_the_platform(office: Office) -> None:
    """Who has one account's token may not take another account's authorisation back."""
    call = await finished(office, "plain")
    office.desk = office.another_desk()
    xml = "<xml><InfoType>unauthorized</InfoType><AuthorizerAppid>wx02</AuthorizerAppid></xml>"
    assert await office.replay(call, body=xml.encode()) == (200, "success")
    assert not office.last().revoked


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
async def test_a_repeated_call_has_no_effect(office: Office, mode: str) -> None:
    call = await finished(office, mode)
    assert office.last().posts
    assert await office.replay(call) == (200, "success")
    assert office.last().posts == ()


async def test_a_call_of_yesterday_is_refused(office: Office) -> None:
    call = await finished(office, "safe")
    office.desk = office.another_desk()
    await office.forward(timedelta(seconds=301))
    assert (await office.replay(call))[0] == 403
    office.desk = office.another_desk(callback_age_s=3600)
    assert (await office.replay(call))[0] == 200


async def test_a_call_from_the_future_is_refused(office: Office) -> None:
    call = await finished(office, "safe")
    office.clock = VirtualClock(office.clock.now() - timedelta(seconds=301))
    office.desk = office.another_desk()
    assert (await office.replay(call))[0] == 403


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature", "msg_signature"])
async def test_whatever_is_changed_breaks_the_signature(
    office: Office, mode: str, name: str
) -> None:
    call = await finished(office, mode)
    office.desk = office.another_desk()
    checked = "signature" if mode == "plain" else "msg_signature"
    changed = {name: str(int(office.clock.now().timestamp()) + 1) if name == "timestamp" else "1"}
    status, _text = await office.replay(call, query=changed)
    harmless = name.endswith("signature") and name != checked
    assert status == (200 if harmless else 403)


async def test_a_changed_body_is_refused(office: Office) -> None:
    call = await finished(office, "safe")
    office.desk = office.another_desk()
    sealed = re.sub(r"CDATA\[...", "CDATA[AAA", call["body"])
    assert (await office.replay(call, body=sealed.encode()))[0] == 403


async def test_the_readable_copy_of_the_compatible_mode_is_not_believed(office: Office) -> None:
    call = await finished(office, "compatible")
    office.desk = office.another_desk()
    forged = call["body"].replace("<publish_id>", "<publish_id>9")
    assert (await office.replay(call, body=forged.encode()))[0] == 200
    assert office.last().posts[0]["publish_id"] in call["body"]


async def test_encryption_cannot_be_left_out(office: Office) -> None:
    call = await finished(office, "compatible")
    office.desk = office.another_desk()
    plain = re.sub(r"<Encrypt>.*</Encrypt>", "", call["body"])
    assert (await office.replay(call, body=plain.encode()))[0] == 403


async def test_a_call_for_another_appid_is_refused(office: Office) -> None:
    call = await finished(office, "safe")
    office.desk = office.another_desk()
    office.own = own("safe", appid="wx02")
    assert (await office.replay(call))[0] == 403
    assert "wx02" in str(office.heard[-1][1])


async def test_another_key_is_refused(office: Office) -> None:
    call = await finished(office, "safe")
    office.desk = office.another_desk()
    for key in (OTHER_KEY, "short", "*" * 43):
        office.own = own("safe", callback_aes_key=key)
        assert (await office.replay(call))[0] == 403


async def test_an_account_without_a_callback_token_is_told_apart(office: Office) -> None:
    call = await finished(office, "safe")
    office.own = MemoryCredentials({"appid": "wx01", "secret": "s"})
    assert (await office.replay(call))[0] == 403
    assert "callback_token" in str(office.heard[-1][1])


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"\xff\xfe", b"<xml>", b"<a>1</a>", b"<xml>text</xml>", b"<xml/>"],
)
@pytest.mark.parametrize("mode", ["plain", "safe"])
async def test_an_unreadable_body_is_refused(office: Office, mode: str, body: bytes) -> None:
    call = await finished(office, mode)
    office.desk = office.another_desk()
    assert (await office.replay(call, body=body))[0] == 403


async def test_an_entity_bomb_is_refused(office: Office) -> None:
    call = await finished(office, "plain")
    office.desk = office.another_desk()
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><Event>&b;</Event></xml>'
    assert (await office.replay(call, body=bomb))[0] == 403


async def test_a_call_without_anything_is_refused(office: Office) -> None:
    nothing = Call(method="POST", query={}, headers={}, body=b"")
    with pytest.raises(CallRefused):
        await office.desk.hear(nothing, None)
    with pytest.raises(CallRefused):
        await office.desk.hear(nothing, own("plain"))


# ── the third-party platform's own events ─────────────────────────────────────────────────────


async def test_a_ticket_is_kept(office: Office) -> None:
    kept = office.app.fields["component_verify_ticket"]
    await office.forward(timedelta(seconds=60))
    await office.ticket()
    assert office.app.fields["component_verify_ticket"] != kept
    assert office.app.fields["component_secret"] == "s3cret-of-wxoffice"


async def test_tickets_come_by_themselves(office: Office) -> None:
    kept = office.app.fields["component_verify_ticket"]
    calls = len(await office.calls("ticket"))
    await office.forward(timedelta(minutes=10))

    async def came() -> bool:
        return len(await office.calls("ticket")) > calls

    await until(came)
    await office.answered("component_verify_ticket")
    assert office.app.fields["component_verify_ticket"] != kept


async def test_a_late_ticket_replaces_no_newer_one(office: Office) -> None:
    old = (await office.calls("ticket"))[-1]
    await office.forward(timedelta(seconds=60))
    await office.ticket()
    kept = office.app.fields["component_verify_ticket"]
    office.desk = office.another_desk()  # knows nothing of the calls before
    assert await office.replay(old) == (200, "success")
    assert office.app.fields["component_verify_ticket"] == kept


async def test_a_forged_ticket_is_refused(office: Office) -> None:
    kept = office.app.fields["component_verify_ticket"]
    await office.component(token="f0rged")
    assert office.app.fields["component_verify_ticket"] == kept
    await office.component(token="0ffice-token", aes_key=OTHER_KEY)
    assert office.app.fields["component_verify_ticket"] == kept
    assert isinstance(office.heard[-1][1], CallRefused)


async def test_a_platform_without_an_aes_key_hears_nothing(office: Office) -> None:
    del office.app.fields["callback_aes_key"]
    await office.control("POST", "wechat/ticket")
    assert (await office.answered("ticket"))["status"] == 403


async def test_a_repeated_leave_stops_no_account_again(office: Office) -> None:
    """It left, came back, and somebody sends the old call once more."""
    await office.connected()
    await office.control("POST", "wechat/unauthorize", {"account": "u01-wechat"})
    call = await office.answered("unauthorized")
    assert office.last().revoked == {"appid": "wx01"}
    await office.connected()
    assert await office.replay(call) == (200, "success")
    assert not office.last().revoked


async def test_an_event_that_comes_twice_uses_the_code_once(office: Office) -> None:
    await office.control("POST", "settings", {"wechat_event_copies": 2})
    await office.connected()
    await office.answered("authorized")
    assert await office.requests("api_query_auth") == 1


async def test_an_event_that_could_not_be_dealt_with_comes_again(office: Office) -> None:
    await office.fault("status_before", path="api_query_auth", status=502, times=3)
    data = {"account": "u01-wechat", "sets": [1, 7, 11]}
    await office.control("POST", "wechat/permissions", data)
    call = await office.answered("authorized")
    assert (call["tries"], call["taken"]) == (2, True)
    assert len(await office.desk.members()) == 1


async def test_an_event_whose_code_is_used_up_is_answered(office: Office) -> None:
    await office.fault("code", path="api_query_auth", code=61009)
    data = {"account": "u01-wechat", "sets": [1, 7, 11]}
    await office.control("POST", "wechat/permissions", data)
    assert (await office.answered("authorized"))["taken"]


async def test_a_unit_that_did_not_allow_messages_is_polled_only(office: Office) -> None:
    office.member(await office.connected(sets="7,11"))
    await publish(office)
    await office.ticket()  # comes after whatever else was due
    assert await office.calls("PUBLISHJOBFINISH") == []


async def test_an_originality_result_is_a_hint_to_look(office: Office) -> None:
    office.member(await office.connected())
    await publish(office)
    other = {"platform": "wechat", "account": "u02", "appid": "wx02", "secret": "s"}
    await office.control("POST", "accounts", {"accounts": [other]})
    shown = next(iter((await office.control("GET", "posts?platform=wechat"))["posts"]))["text"]
    original = {"platform": "wechat", "account": "u02", "text": shown}
    await office.control("POST", "original", original)
    office.pushing()
    outcome = await publish(office)
    call = await office.answered("MASSSENDJOBFINISH")
    assert call["taken"]
    ref = {**outcome.ref, **office.last().learned}
    with pytest.raises(Rejected, match=r"1 https://mp\.weixin\.qq\.com/s/") as raised:
        await office.look(office.done, Pending(ref=ref))
    assert raised.value.code == "mass:err(30003)"
    assert "转载" in raised.value.advice


@pytest.mark.parametrize(
    ("protection", "code"), [("refuse", "mass:err(40001)"), ("silent", "mass:err(40002)")]
)
async def test_an_administrator_who_did_not_confirm_is_named(
    office: Office, protection: str, code: str
) -> None:
    known = {"platform": "wechat", "account": "u01-wechat", "protection": protection}
    await office.control("POST", "accounts", {"accounts": [known]})
    office.member(await office.connected())
    office.pushing()
    outcome = await publish(office, timedelta(minutes=31))
    await office.answered("MASSSENDJOBFINISH")
    told = next(heard for _call, heard in office.heard if isinstance(heard, Heard) and heard.posts)
    with pytest.raises(Rejected) as raised:
        await office.look(office.done, Pending(ref={**outcome.ref, **told.learned}))
    assert raised.value.code == code
    with pytest.raises(Rejected) as raised:
        await office.look(office.done, outcome)  # without the call nobody says why
    assert raised.value.code == "mass:SEND_FAIL"


async def test_an_office_that_entered_nothing_hears_nothing(office: Office) -> None:
    office.app.fields = {}
    with pytest.raises(AuthFailed):
        await office.desk.hear(Call(method="GET", query={}, headers={}, body=b""), None)
    with pytest.raises(AuthFailed):
        await office.desk.invite(office.account, redirect=office.redirect, state=STATE)
