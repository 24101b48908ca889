"""Weibo's page of agreement, its codes, and how tokens age and end."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.bot.simulator.client import FLAGSHIP, UNIT, Reply, Sim, Weibo

BACK = "https://wjw.example.cn/back"
ASKED = {
    "client_id": "1000000001",
    "redirect_uri": BACK,
    "response_type": "code",
    "state": "a&b=七",
}
DAY_S = 86_400


def _code(reply: Reply) -> int:
    return int(reply.body["error_code"])


async def _pressed(sim: Sim, asked: dict[str, str], **form: str) -> dict[str, list[str]]:
    """What the redirect carries after somebody pressed a button."""
    url = f"{sim.base}/weibo/oauth2/authorize?{urlencode(asked)}"
    async with sim.http.post(url, data=form, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        where = answer.headers["Location"]
    assert where.startswith(BACK)
    return parse_qs(urlsplit(where).query)


async def _exchange(sim: Sim, code: str, **changed: str) -> Reply:
    form = {
        "client_id": "1000000001",
        "client_secret": "shh",
        "grant_type": "authorization_code",
        "redirect_uri": BACK,
        "code": code,
    }
    return await sim.call("POST", "/weibo/oauth2/access_token", data=form | changed)


async def _set(sim: Sim, **fields: Any) -> None:
    change = {"platform": "weibo", "account": "flagship", **fields}
    await sim.control("POST", "accounts", {"accounts": [change]})


async def test_the_page_offers_the_users_of_the_app(sim: Sim) -> None:
    reply = await sim.call("GET", "/weibo/oauth2/authorize", params=ASKED)
    assert reply.status == 200
    assert "健康澜汀" in reply.text
    assert "望汀社区卫生" in reply.text
    assert "市民" not in reply.text  # of another app


async def test_yes_brings_a_code_and_the_state_back(sim: Sim) -> None:
    back = await _pressed(sim, ASKED, uid=FLAGSHIP["uid"], action="submit")
    assert back["state"] == ["a&b=七"]
    answer = (await _exchange(sim, back["code"][0])).body
    assert answer["uid"] == FLAGSHIP["uid"]
    assert (await Weibo(sim=sim, token=answer["access_token"]).share("新")).status == 200


async def test_no_brings_the_refusal_back(sim: Sim) -> None:
    back = await _pressed(sim, ASKED, uid=FLAGSHIP["uid"], action="cancel")
    assert back["error_code"] == ["21330"]
    assert back["error"] == ["access_denied"]
    assert "code" not in back


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"client_id": "9"}, 21324),
        ({"client_id": ""}, 21305),
        ({"redirect_uri": "https://elsewhere.cn"}, 21322),
        ({"redirect_uri": ""}, 21305),
        ({"response_type": "token"}, 21329),
    ],
)
async def test_a_wrong_request_stays_on_the_page(
    sim: Sim, changed: dict[str, str], code: int
) -> None:
    reply = await sim.call("GET", "/weibo/oauth2/authorize", params=ASKED | changed)
    assert _code(reply) == code


async def test_nobody_else_can_agree(sim: Sim) -> None:
    url = f"/weibo/oauth2/authorize?{urlencode(ASKED)}"
    reply = await sim.call("POST", url, data={"uid": "3344556677", "action": "submit"})
    assert _code(reply) == 20003


async def test_a_code_is_bound_to_its_address_and_to_time(sim: Sim) -> None:
    await _set(sim, redirect_uri="")
    asked = ASKED | {"redirect_uri": f"{BACK}/one"}
    everyone = [{"platform": "weibo", "account": "unit", "redirect_uri": ""}]
    await sim.control("POST", "accounts", {"accounts": everyone})
    code = (await _pressed(sim, asked, uid=UNIT["uid"], action="submit"))["code"][0]
    assert _code(await _exchange(sim, code)) == 21322
    code = (await _pressed(sim, asked, uid=UNIT["uid"], action="submit"))["code"][0]
    await sim.move(minutes=10)
    assert _code(await _exchange(sim, code, redirect_uri=f"{BACK}/one")) == 21325


@pytest.mark.parametrize(
    ("app", "days"), [({"approved": False}, 1), ({"owner": True}, 1825), ({}, 30)]
)
async def test_how_long_tokens_live(sim: Sim, app: dict[str, Any], days: int) -> None:
    await _set(sim, **app)
    code = (await sim.control("POST", "codes", {"platform": "weibo", "account": "flagship"}))[
        "code"
    ]
    answer = (await _exchange(sim, code)).body
    assert answer["expires_in"] == days * DAY_S - 1
    fresh = Weibo(sim=sim, token=answer["access_token"])
    assert (await fresh.post("/oauth2/get_token_info")).body["expire_in"] == days * DAY_S - 1
    await sim.move(days=days)
    assert _code(await fresh.share("迟了")) == 21327


async def test_an_unaudited_app_has_few_users(sim: Sim, flagship: Weibo, unit: Weibo) -> None:
    await sim.settings(limits={"weibo": {"test_users": 1}})
    everyone = [
        {"platform": "weibo", "account": name, "approved": False} for name in ("flagship", "unit")
    ]
    await sim.control("POST", "accounts", {"accounts": everyone})
    assert (await flagship.share("一")).status == 200
    assert _code(await unit.share("二")) == 21321


@pytest.mark.parametrize("code", [21314, 21315, 21319])
async def test_a_token_can_end_in_many_ways(sim: Sim, flagship: Weibo, code: int) -> None:
    who = {"platform": "weibo", "account": "flagship", "code": code}
    await sim.control("POST", "tokens/expire", who)
    assert _code(await flagship.share("一")) == code


async def test_only_token_codes_end_a_token(sim: Sim) -> None:
    who = {"platform": "weibo", "account": "flagship", "code": 10014}
    assert (await sim.call("POST", "/_sim/tokens/expire", json=who)).status == 400


async def test_who_never_agreed_has_no_token(sim: Sim) -> None:
    fresh = UNIT | {"account": "new", "uid": "99", "access_token": ""}
    await sim.control("POST", "accounts", {"accounts": [fresh]})
    assert _code(await Weibo(sim=sim, token="").share("一")) == 10006
    code = (await _pressed(sim, ASKED, uid="99", action="submit"))["code"][0]
    token = (await _exchange(sim, code)).body["access_token"]
    assert (await Weibo(sim=sim, token=token).share("一")).status == 200
