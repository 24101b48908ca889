"""Connecting an account: the page, the code it brings back, and everything that may go wrong."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from bot.contract import Connects, Granted, Hears
from bot.errors import AuthFailed, ContractBroken, PlatformError, Rejected, Unavailable
from tests.adapters.stage import START
from tests.adapters.weibo.stage import APP, REDIRECT, UID, WeiboStage

STATE = "u01-weibo.6a1.77.sign=+&"


async def agreed(
    stage: WeiboStage, *, action: str = "submit", redirect: str = REDIRECT
) -> dict[str, str]:
    """What the owner's browser brings back after pressing a button on the page."""
    page = await stage.desk().invite(stage.account, redirect=redirect, state=STATE)
    pressed = {"uid": UID, "action": action}
    async with stage.session.post(page, data=pressed, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        where = answer.headers["Location"]
    assert where.startswith(f"{redirect}?")
    return dict(parse_qsl(urlsplit(where).query))


async def accepted(stage: WeiboStage) -> Granted:
    return await stage.desk().accept(await agreed(stage), redirect=REDIRECT)


async def test_the_desk_connects_and_hears_nothing(stage: WeiboStage) -> None:
    """The platform's call about a revoked authorisation has no documented signature."""
    assert isinstance(stage.desk(), Connects)
    assert not isinstance(stage.desk(), Hears)


async def test_the_invitation_carries_all_the_page_wants(stage: WeiboStage) -> None:
    page = await stage.desk().invite(stage.account, redirect=REDIRECT, state=STATE)
    assert page.startswith(f"{stage.url}/weibo/oauth2/authorize?")
    assert dict(parse_qsl(urlsplit(page).query)) == {
        "client_id": APP["app_key"],
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "state": STATE,
        "forcelogin": "true",
    }
    assert APP["app_secret"] not in page
    async with stage.session.get(page) as answer:
        assert "健康澜汀" in await answer.text()


async def test_the_office_may_let_signed_in_owners_pass(stage: WeiboStage) -> None:
    desk = stage.desk(force_login=False)
    page = await desk.invite(stage.account, redirect=REDIRECT, state=STATE)
    assert "forcelogin" not in page


async def test_the_owners_yes_gives_a_token_with_its_end(stage: WeiboStage) -> None:
    query = await agreed(stage)
    assert query["state"] == STATE
    granted = await stage.desk().accept(query, redirect=REDIRECT)
    end = START + timedelta(days=30, seconds=-1)
    assert (granted.expires_at, granted.name) == (end, "健康澜汀")
    assert granted.fields["uid"] == UID
    assert granted.fields["expires_at"] == end.isoformat()
    assert APP["app_secret"] not in granted.fields.values()


async def test_an_account_publishes_with_what_was_granted(stage: WeiboStage) -> None:
    granted = await accepted(stage)
    with pytest.raises(AuthFailed):  # the token before died by it
        await stage.commit(stage.granted(await stage.prepared()))
    stage.office.fields["rip"] = "211.156.0.1"
    stage.credentials.fields = dict(granted.fields)
    told = await stage.adapter.renew()
    assert (told.until, told.trouble) == (granted.expires_at, "")
    await stage.published()


@pytest.mark.parametrize(
    ("app", "days"), [({"approved": False}, 1), ({"owner": True}, 5 * 365), ({}, 30)]
)
async def test_how_long_it_holds_is_the_platforms_word(
    stage: WeiboStage, app: dict[str, object], days: int
) -> None:
    known = {"platform": "weibo", "account": stage.account.id, **app}
    await stage.control("POST", "accounts", {"accounts": [known]})
    granted = await accepted(stage)
    assert granted.expires_at == START + timedelta(days=days, seconds=-1)


async def test_a_code_works_once(stage: WeiboStage) -> None:
    query = await agreed(stage)
    await stage.desk().accept(query, redirect=REDIRECT)
    with pytest.raises(AuthFailed) as raised:
        await stage.desk().accept(query, redirect=REDIRECT)
    assert raised.value.code == "21325"
    assert query["code"] not in str(raised.value.facts())


async def test_a_code_runs_out(stage: WeiboStage) -> None:
    query = await agreed(stage)
    await stage.forward(timedelta(minutes=10))
    with pytest.raises(AuthFailed) as raised:
        await stage.desk().accept(query, redirect=REDIRECT)
    assert raised.value.code == "21325"


async def test_the_owners_no_is_told(stage: WeiboStage) -> None:
    with pytest.raises(AuthFailed) as raised:
        await stage.desk().accept(await agreed(stage, action="cancel"), redirect=REDIRECT)
    assert raised.value.code == "21330"
    assert raised.value.advice


async def test_a_return_without_a_code_is_refused(stage: WeiboStage) -> None:
    with pytest.raises(Rejected):
        await stage.desk().accept({"state": STATE}, redirect=REDIRECT)
    assert await stage.requests("access_token") == 0


async def test_another_address_than_the_consoles_is_refused_on_the_page(stage: WeiboStage) -> None:
    page = await stage.desk().invite(stage.account, redirect="https://a.example/", state=STATE)
    async with stage.session.get(page) as answer:
        assert (await answer.json())["error_code"] == 21322


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"app_secret": "wrong"}, "21324"), ({"app_key": "9"}, "21324")],
)
async def test_a_mistake_in_the_offices_app_is_told(
    stage: WeiboStage, changed: dict[str, str], code: str
) -> None:
    query = await agreed(stage)
    stage.office.fields.update(changed)
    with pytest.raises(AuthFailed) as raised:
        await stage.desk().accept(query, redirect=REDIRECT)
    assert raised.value.code == code
    assert changed.get("app_secret", "-") not in raised.value.raw


@pytest.mark.parametrize("missing", ["app_key", "app_secret"])
async def test_without_the_offices_app_it_says_where_to_enter_it(
    stage: WeiboStage, missing: str
) -> None:
    del stage.office.fields[missing]
    with pytest.raises(AuthFailed) as raised:
        await stage.desk().invite(stage.account, redirect=REDIRECT, state=STATE)
    assert "@weibo" in raised.value.advice


@pytest.mark.parametrize(
    ("kind", "more", "error"),
    [
        ("html", {}, ContractBroken),
        ("empty", {}, ContractBroken),
        ("lost_answer", {}, Unavailable),
        ("status_before", {"status": 302}, ContractBroken),
        ("status_before", {"status": 503}, Unavailable),
        ("code", {"code": 21331}, Unavailable),
        ("code", {"code": 29999}, ContractBroken),
    ],
)
async def test_a_bad_answer_to_the_exchange_is_typed(
    stage: WeiboStage, kind: str, more: dict[str, object], error: type[PlatformError]
) -> None:
    """The code may be used up by then, so the exchange is never repeated."""
    query = await agreed(stage)
    await stage.fault(kind, path="oauth2/access_token", **more)
    with pytest.raises(error):
        await stage.desk().accept(query, redirect=REDIRECT)
    assert await stage.requests("oauth2/access_token") == 1


async def test_numbers_as_text_are_taken(stage: WeiboStage) -> None:
    await stage.fault("string_numbers", path="oauth2/access_token")
    assert (await accepted(stage)).expires_at == START + timedelta(days=30, seconds=-1)


@pytest.mark.parametrize("code", [10001, 21335])
async def test_a_name_that_is_not_told_loses_no_token(stage: WeiboStage, code: int) -> None:
    """The code is used up: throwing the token away would send the owner round again."""
    query = await agreed(stage)
    await stage.fault("code", code=code, path="users/show", times=-1)
    granted = await stage.desk().accept(query, redirect=REDIRECT)
    assert granted.fields["access_token"]
    assert granted.name == ""


async def test_too_many_users_of_an_unaudited_app_are_told_at_once(stage: WeiboStage) -> None:
    query = await agreed(stage)
    await stage.fault("code", code=21321, path="users/show")
    with pytest.raises(AuthFailed) as raised:
        await stage.desk().accept(query, redirect=REDIRECT)
    assert raised.value.code == "21321"
