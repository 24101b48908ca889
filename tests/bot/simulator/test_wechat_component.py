"""What a third-party platform is refused."""

from typing import Any

import pytest
from wechatpy.crypto import WeChatCrypto

from tests.bot.simulator.client import HOSPITAL, Sim

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
COMPONENT = {
    "appid": "wxoffice",
    "secret": "s0",
    "token": "t0",
    "aes_key": KEY,
    "events_url": "http://127.0.0.1:9/nobody",
}


async def _ask(sim: Sim, name: str, token: str = "", **body: Any) -> Any:
    params = {"component_access_token": token} if token else {}
    full = {"component_appid": "wxoffice", **body}
    path = f"/wechat/cgi-bin/component/{name}"
    return (await sim.call("POST", path, params=params, json=full)).body


@pytest.fixture
async def ticket(sim: Sim) -> str:
    """A component that was pushed one ticket."""
    await sim.control("POST", "wechat/component", COMPONENT)
    await sim.control("POST", "wechat/ticket")
    calls = (await sim.control("GET", "wechat/calls"))["calls"]
    assert calls[-1]["what"] == "component_verify_ticket"
    return _opened(calls[-1])


def _opened(call: dict[str, Any]) -> str:
    query = call["query"]
    xml = WeChatCrypto("t0", KEY, "wxoffice").decrypt_message(
        call["body"], query["msg_signature"], query["timestamp"], query["nonce"]
    )
    return str(xml.split("<ComponentVerifyTicket><![CDATA[")[1].split("]]>")[0])


async def _token(sim: Sim, ticket: str, **changed: str) -> Any:
    body = {"component_appsecret": "s0", "component_verify_ticket": ticket} | changed
    return await _ask(sim, "api_component_token", **body)


async def test_a_token_needs_secret_and_a_living_ticket(sim: Sim, ticket: str) -> None:
    assert (await _token(sim, ticket))["expires_in"] == 7200
    assert (await _token(sim, ticket, component_appsecret="x"))["errcode"] == 40125
    assert (await _token(sim, "ticket@@@x"))["errcode"] == 61006
    assert (await _token(sim, ticket, component_appid="wxother"))["errcode"] == 61011
    await sim.move(seconds=12 * 3600 + 1)
    assert (await _token(sim, ticket))["errcode"] == 61005


async def test_the_right_token_is_needed_on_either_side(sim: Sim, ticket: str) -> None:
    token = (await _token(sim, ticket))["component_access_token"]
    body = {"grant_type": "client_credential", "appid": "wx1", "secret": "s1"}
    own = (await sim.call("POST", "/wechat/cgi-bin/stable_token", json=body)).body["access_token"]
    ask = "api_create_preauthcode"
    assert (await _ask(sim, ask))["errcode"] == 41001
    assert (await _ask(sim, ask, own))["errcode"] == 61014
    assert (await _ask(sim, ask, "c_wrong"))["errcode"] == 40001
    assert (await _ask(sim, ask, token))["expires_in"] == 600
    params = {"access_token": token}
    count = await sim.call("GET", "/wechat/cgi-bin/draft/count", params=params)
    assert count.body["errcode"] == 61015
    await sim.move(seconds=7200)
    assert (await _ask(sim, ask, token))["errcode"] == 42001


async def test_the_components_appid_gets_no_accounts_token(sim: Sim, ticket: str) -> None:
    body = {"grant_type": "client_credential", "appid": "wxoffice", "secret": "s0"}
    told = await sim.call("POST", "/wechat/cgi-bin/stable_token", json=body)
    assert told.body["errcode"] == 61024


async def test_a_permission_set_is_needed_for_each_call(sim: Sim, ticket: str) -> None:
    token = (await _token(sim, ticket))["component_access_token"]
    allowed = {"account": "hospital", "sets": [1, 11]}
    code = (await sim.control("POST", "wechat/permissions", allowed))["code"]
    told = await _ask(sim, "api_query_auth", token, authorization_code=code)
    params = {"access_token": told["authorization_info"]["authorizer_access_token"]}
    path = "/wechat/cgi-bin/freepublish/batchget"
    listed = await sim.call("POST", path, params=params, json={"offset": 0, "count": 1})
    assert listed.body["errcode"] == 61007
    count = await sim.call("GET", "/wechat/cgi-bin/draft/count", params=params)
    assert count.body["total_count"] == 0
    await sim.control("POST", "wechat/unauthorize", {"account": "hospital"})
    count = await sim.call("GET", "/wechat/cgi-bin/draft/count", params=params)
    assert count.body["errcode"] == 61003


async def test_a_refresh_token_is_listed_only_once_its_code_was_used(sim: Sim, ticket: str) -> None:
    token = (await _token(sim, ticket))["component_access_token"]
    allowed = {"account": "hospital", "sets": [1, 7, 11]}
    code = (await sim.control("POST", "wechat/permissions", allowed))["code"]
    page = {"offset": 0, "count": 500}
    (entry,) = (await _ask(sim, "api_get_authorizer_list", token, **page))["list"]
    assert "refresh_token" not in entry
    await _ask(sim, "api_query_auth", token, authorization_code=code)
    (entry,) = (await _ask(sim, "api_get_authorizer_list", token, **page))["list"]
    assert entry["refresh_token"].startswith("refreshtoken@@@")
    too_many = await _ask(sim, "api_get_authorizer_list", token, offset=0, count=501)
    assert too_many["errcode"] == 40035
    used = await _ask(sim, "api_query_auth", token, authorization_code=code)
    assert used["errcode"] == 61009


async def test_the_page_offers_the_accounts_there_are(sim: Sim, ticket: str) -> None:
    token = (await _token(sim, ticket))["component_access_token"]
    code = (await _ask(sim, "api_create_preauthcode", token))["pre_auth_code"]
    query = {"component_appid": "wxoffice", "pre_auth_code": code, "redirect_uri": "http://a/b"}
    url = f"{sim.base}/wechat/cgi-bin/componentloginpage"
    async with sim.http.get(url, params=query) as page:
        assert page.status == 200
        assert HOSPITAL["name"] in await page.text()
    for wrong in ({"component_appid": "x"}, {"pre_auth_code": "x"}, {"redirect_uri": "x"}):
        async with sim.http.get(url, params=query | wrong) as page:
            assert page.status == 400


async def test_escaped_json_is_refused_here_too(sim: Sim, ticket: str) -> None:
    url = f"{sim.base}/wechat/cgi-bin/component/api_component_token"
    async with sim.http.post(url, data=b'{"component_appid":"\\u4e2d"}') as answer:
        assert '"errcode": 47002' in await answer.text()


async def test_control_input_is_checked(sim: Sim) -> None:
    for path, data in (
        ("wechat/component", {"appid": "wxoffice"}),
        ("wechat/component", COMPONENT | {"aes_key": "short"}),
        ("wechat/component", COMPONENT | {"color": "red"}),
        ("wechat/ticket", {}),
        ("wechat/permissions", {"account": "hospital", "sets": "all"}),
        ("wechat/unauthorize", {"account": "nobody"}),
        ("wechat/callback", {"account": "hospital", "url": "http://127.0.0.1:9", "colour": "red"}),
    ):
        answer = await sim.call("POST", f"/_sim/{path}", json=data)
        assert answer.status == 400, path
