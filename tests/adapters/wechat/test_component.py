"""The third-party platform: its ticket and token, and the accounts' tokens that rotate."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from adapters.wechat.errors import table
from bot.contract import Checkpoint, Pending, Receipt
from bot.errors import AuthFailed, ContractBroken, RateLimited, Rejected, Unavailable
from tests.adapters.wechat.office import COMPONENT, STATE, Office, until

NUMBERS = [row for row in table().values() if row.code.lstrip("-").isdigit()]
# After these the unit's administrator must scan again; every other one is the office's business.
OWNERS = {"61023", "42002", "42007", "61003", "61007", "61016", "61017", "50004", "50007"}
TOKEN_LIFE = timedelta(seconds=7200)


async def step(office: Office) -> Checkpoint:
    return await office.adapter.prepare(office.variant, Checkpoint())


async def test_a_unit_scans_and_its_article_goes_out(office: Office) -> None:
    """The whole way: scan, redirect, accept, token, draft, publish, callback, look."""
    granted = await office.connected()
    assert (granted.name, granted.verified_name) == ("", "")  # the roster's names are asked below
    office.member(granted)
    done = office.granted(await office.prepared())
    outcome = await office.commit(done)
    assert isinstance(outcome, Pending)
    assert await office.calls("PUBLISHJOBFINISH") == []
    await office.forward(timedelta(seconds=30))
    call = await office.answered("PUBLISHJOBFINISH")
    assert call["url"].endswith("/wx01")
    assert call["taken"]
    told = office.last().posts[0]
    assert told == {"publish_id": outcome.ref["publish_id"], "appid": "wx01"}
    assert told.items() <= outcome.ref.items()
    receipt = await office.look(done, Pending(ref=outcome.ref))
    assert isinstance(receipt, Receipt)
    assert receipt.url == (await office.posts())[0]["url"]
    assert await office.requests("stable_token") == 0


async def test_the_credential_is_whole(office: Office) -> None:
    await office.control(
        "POST",
        "accounts",
        {
            "accounts": [
                {
                    "platform": "wechat",
                    "account": "u01-wechat",
                    "name": "健康澜汀",
                    "principal": "澜汀区卫生健康委员会",
                }
            ]
        },
    )
    granted = await office.connected()
    assert set(granted.fields) == {
        "appid",
        "authorizer_refresh_token",
        "access_token",
        "expires_at",
    }
    assert granted.fields["appid"] == "wx01"
    assert granted.expires_at is None
    assert (granted.name, granted.verified_name) == ("健康澜汀", "澜汀区卫生健康委员会")
    profile = await office.member(granted).profile()
    assert (profile.name, profile.kind) == ("健康澜汀", "subscription")
    assert profile.permissions["verified"]
    assert profile.permissions["publish"]


async def test_the_state_comes_back_with_the_code(office: Office) -> None:
    link = await office.desk.invite(office.account, redirect=office.redirect, state=STATE)
    back = await office.scan(link)
    assert back["state"] == STATE
    assert back["auth_code"]


async def test_a_phone_has_a_link_of_its_own(office: Office) -> None:
    link = await office.desk.invite_phone(office.account, redirect=office.redirect, state=STATE)
    assert link.endswith("#wechat_redirect")
    assert "/safe/bindcomponent?action=bindcomponent&no_scan=1&auth_type=1" in link
    granted = await office.desk.accept(await office.scan(link), redirect=office.redirect)
    assert granted.fields["appid"] == "wx01"


async def test_a_link_works_once_and_not_for_ever(office: Office) -> None:
    link = await office.desk.invite(office.account, redirect=office.redirect, state=STATE)
    await office.scan(link)
    again = await office.desk.invite(office.account, redirect=office.redirect, state=STATE)
    await office.forward(timedelta(seconds=601))
    for dead in (link, again):
        async with office.session.get(dead, params={"account": "u01-wechat"}) as answer:
            assert answer.status == 400


async def test_a_code_is_used_by_whoever_comes_first(office: Office) -> None:
    """The `authorized` event and the browser bring the same code, which works once."""
    link = await office.desk.invite(office.account, redirect=office.redirect, state=STATE)
    back = await office.scan(link)
    call = await office.answered("authorized")
    assert call["taken"]
    granted = await office.desk.accept(back, redirect=office.redirect)
    assert granted.fields["appid"] == "wx01"
    assert await office.requests("api_query_auth") == 1
    with pytest.raises(AuthFailed) as raised:
        await office.another_desk().accept(back, redirect=office.redirect)
    assert raised.value.code == "61009"
    assert "重新发起授权" in raised.value.advice


async def test_an_old_code_and_none_are_told_apart(office: Office) -> None:
    await office.component(events_url="http://127.0.0.1:9/nowhere")
    link = await office.desk.invite(office.account, redirect=office.redirect, state=STATE)
    back = await office.scan(link)
    await office.forward(timedelta(seconds=601))
    with pytest.raises(AuthFailed) as raised:
        await office.desk.accept(back, redirect=office.redirect)
    assert raised.value.code == "61010"
    with pytest.raises(AuthFailed):
        await office.desk.accept({"state": STATE}, redirect=office.redirect)


async def test_left_out_permission_sets_are_named(office: Office) -> None:
    with pytest.raises(Rejected, match="素材管理（11）"):
        await office.connected(sets="1,7")


async def test_one_component_token_serves_everybody(office: Office) -> None:
    granted = await office.connected()
    for _ in range(3):
        office.member({**granted.fields, "access_token": ""})
        await step(office)
    assert await office.requests("api_component_token") == 1
    await office.forward(TOKEN_LIFE - timedelta(seconds=599))
    await step(office)
    assert await office.requests("api_component_token") == 2


async def test_a_dead_component_token_is_renewed_once(office: Office) -> None:
    granted = await office.connected()
    await office.fault("code", path="api_authorizer_token", code=40001)
    office.member({**granted.fields, "access_token": ""})
    await step(office)
    assert await office.requests("api_authorizer_token") == 2
    assert await office.requests("api_component_token") == 2


async def test_without_a_ticket_one_is_asked_for(office: Office) -> None:
    office.app.fields = dict(COMPONENT)
    calls = len(await office.calls("ticket"))
    desk = office.desk
    office.desk = office.another_desk()
    with pytest.raises(Unavailable, match="component_verify_ticket"):
        await desk.invite(office.account, redirect=office.redirect, state=STATE)

    async def came() -> bool:
        return "component_verify_ticket" in office.app.fields

    await until(came)
    assert len(await office.calls("ticket")) == calls + 1
    assert await desk.invite(office.account, redirect=office.redirect, state=STATE)


async def test_a_push_is_not_asked_for_all_the_time(office: Office) -> None:
    await office.control("POST", "settings", {"wechat_event_copies": 0})
    office.app.fields = dict(COMPONENT)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await office.desk.members()
    assert await office.requests("api_start_push_ticket") == 1
    await office.forward(timedelta(hours=1))
    with pytest.raises(Unavailable):
        await office.desk.members()
    assert await office.requests("api_start_push_ticket") == 2


async def test_a_ticket_of_yesterday_stops_no_account(office: Office) -> None:
    granted = await office.connected()
    await office.control("POST", "settings", {"wechat_event_copies": 0})
    await office.forward(timedelta(hours=13))
    office.member(granted)
    with pytest.raises(Unavailable):
        await step(office)


@pytest.mark.parametrize("code", [40125, 61004, 61011, 40013])
async def test_the_offices_own_trouble_stops_no_account(office: Office, code: int) -> None:
    granted = await office.connected()
    await office.forward(TOKEN_LIFE)
    await office.fault("code", path="api_component_token", code=code, times=-1)
    office.member(granted)
    with pytest.raises(Unavailable) as raised:
        await step(office)
    assert raised.value.code == str(code)
    with pytest.raises(AuthFailed):  # whoever invites a unit is told plainly
        await office.desk.invite(office.account, redirect=office.redirect, state=STATE)


async def test_an_office_without_a_platform_says_what_is_missing(office: Office) -> None:
    granted = await office.connected()
    del office.app.fields["component_appid"]
    office.member({**granted.fields, "access_token": ""})
    with pytest.raises(Unavailable, match="component_appid"):
        await step(office)
    with pytest.raises(AuthFailed, match="set-credential @wechat"):
        await office.desk.invite(office.account, redirect=office.redirect, state=STATE)


async def test_a_rotated_refresh_token_is_stored_before_use(office: Office) -> None:
    await office.component(rotate=True)
    granted = await office.connected()
    office.member(granted)
    first = granted.fields["authorizer_refresh_token"]
    seen = {first}
    for _ in range(3):
        await office.forward(TOKEN_LIFE)
        await step(office)
        seen.add(office.credentials.fields["authorizer_refresh_token"])
    assert len(seen) == 4
    assert await office.requests("api_get_authorizer_list") == 0


async def test_a_token_somebody_else_rotated_is_found_in_the_list(office: Office) -> None:
    await office.component(rotate=True)
    granted = await office.connected()
    office.member({**granted.fields, "access_token": ""})
    await step(office)
    office.member({**granted.fields, "access_token": ""})  # a restored backup
    await step(office)
    assert await office.requests("api_get_authorizer_list") == 1
    kept = office.credentials.fields["authorizer_refresh_token"]
    assert kept != granted.fields["authorizer_refresh_token"]
    await office.forward(TOKEN_LIFE)
    await step(office)
    assert await office.requests("api_get_authorizer_list") == 1


async def test_a_rotation_whose_answer_was_lost_is_found_too(office: Office) -> None:
    await office.component(rotate=True)
    office.member({**(await office.connected()).fields, "access_token": ""})
    await office.fault("lost_answer", path="api_authorizer_token")
    await step(office)


async def test_many_at_once_refresh_once(office: Office) -> None:
    await office.component(rotate=True)
    granted = await office.connected()
    await office.forward(TOKEN_LIFE)
    adapter = office.member(granted)
    await asyncio.gather(*(adapter.prepare(office.variant, Checkpoint()) for _ in range(8)))
    assert await office.requests("api_authorizer_token") == 1
    assert await office.requests("api_component_token") == 2


async def test_who_took_the_authorisation_back_must_scan_again(office: Office) -> None:
    granted = await office.connected()
    await office.control("POST", "wechat/unauthorize", {"account": "u01-wechat"})
    await office.answered("unauthorized")
    assert office.last().revoked == {"appid": "wx01"}
    office.member(granted)
    with pytest.raises(AuthFailed) as raised:
        await step(office)
    assert raised.value.code == "61003"


async def test_a_right_taken_back_is_reported(office: Office) -> None:
    granted = await office.connected()
    await office.control("POST", "wechat/permissions", {"account": "u01-wechat", "sets": [1, 11]})
    await office.answered("updateauthorized")
    profile = await office.member(granted).profile()
    assert not profile.permissions["publish"]
    assert profile.permissions["material"]


async def test_everybody_who_authorised_is_listed(office: Office) -> None:
    names = [f"u{number:02}" for number in range(2, 5)]
    more = [
        {"platform": "wechat", "account": n, "appid": f"wx-{n}", "secret": "s", "kind": "service"}
        for n in names
    ]
    await office.control("POST", "accounts", {"accounts": more})
    await office.connected()
    link = await office.desk.invite(office.account, redirect=office.redirect, state=STATE)
    async with office.session.get(link, params={"account": "u02"}, allow_redirects=False):
        pass
    members = await office.desk.members()
    assert [member.fields["appid"] for member in members] == ["wx01", "wx-u02"]
    assert [member.profile.kind for member in members] == ["subscription", "service"]
    assert members[1].profile.permissions["publish"]


async def test_the_list_is_read_to_its_end(office: Office) -> None:
    many = [
        {"platform": "wechat", "account": f"h{n}", "appid": f"wx-h{n}", "secret": "s"}
        for n in range(501)
    ]
    await office.control("POST", "accounts", {"accounts": many})
    await office.component(events_url="http://127.0.0.1:9/nowhere")
    for one in many:
        data = {"account": one["account"], "sets": [1, 7, 11]}
        await office.control("POST", "wechat/permissions", data)
    assert len(await office.desk.members()) == 501
    assert await office.requests("api_get_authorizer_list") == 2


async def test_every_code_at_a_refresh_stops_only_whom_it_concerns(office: Office) -> None:
    granted = await office.connected()
    for row in NUMBERS:
        office.member({**granted.fields, "access_token": ""})
        await office.fault("code", path="api_authorizer_token", code=int(row.code), times=6)
        with pytest.raises((AuthFailed, RateLimited, Unavailable)) as raised:
            await step(office)
        assert isinstance(raised.value, AuthFailed) == (row.code in OWNERS), row
        assert (raised.value.code, raised.value.advice) == (row.code, row.advice)
        await office.control("DELETE", "faults")


async def test_every_code_is_told_to_whoever_invites(office: Office) -> None:
    for row in NUMBERS:
        await office.fault("code", path="api_create_preauthcode", code=int(row.code), times=6)
        with pytest.raises((AuthFailed, RateLimited, Unavailable)) as raised:
            await office.desk.invite(office.account, redirect=office.redirect, state=STATE)
        assert (raised.value.code, raised.value.advice) == (row.code, row.advice)
        await office.control("DELETE", "faults")


@pytest.mark.parametrize("kind", ["html", "empty"])
async def test_an_answer_that_is_none_is_a_typed_error(office: Office, kind: str) -> None:
    await office.fault(kind, path="api_create_preauthcode", times=-1)
    with pytest.raises(ContractBroken):
        await office.desk.invite(office.account, redirect=office.redirect, state=STATE)


async def test_numbers_as_strings_are_taken(office: Office) -> None:
    await office.fault("string_numbers", path="/cgi-bin/component/", times=-1)
    granted = await office.connected()
    assert granted.fields["appid"] == "wx01"


async def test_no_secret_reaches_an_error(office: Office) -> None:
    await office.fault("code", path="api_component_token", code=40125, times=-1)
    office.app.fields["access_token"] = ""
    with pytest.raises(AuthFailed) as raised:
        await office.desk.members()
    shown = str(raised.value.facts())
    assert COMPONENT["component_secret"] not in shown
    assert office.app.fields["component_verify_ticket"] not in shown
