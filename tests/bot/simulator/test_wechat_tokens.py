"""WeChat tokens: two slots, their overlaps, and what a dead token answers."""

from typing import Any

import pytest

from tests.bot.simulator.client import HOSPITAL, Sim, Wechat

CREDENTIAL = {"grant_type": "client_credential", "appid": "wx1", "secret": "s1"}


async def _plain(sim: Sim, **changed: str) -> Any:
    params = CREDENTIAL | changed
    return (await sim.call("GET", "/wechat/cgi-bin/token", params=params)).body


async def _stable(sim: Sim, **changed: Any) -> Any:
    body = CREDENTIAL | changed
    return (await sim.call("POST", "/wechat/cgi-bin/stable_token", json=body)).body


async def _code(sim: Sim, token: str) -> int:
    account = Wechat(sim=sim, token=token)
    answer = await account.call("/cgi-bin/draft/count", method="GET")
    return int(answer.get("errcode", 0))


async def test_each_plain_token_is_new_and_the_former_lives_five_minutes(sim: Sim) -> None:
    first, second = await _plain(sim), await _plain(sim)
    assert first["expires_in"] == 7200
    assert "errcode" not in first
    assert first["access_token"] != second["access_token"]
    await sim.move(seconds=299)
    assert await _code(sim, first["access_token"]) == 0
    await sim.move(seconds=1)
    assert await _code(sim, first["access_token"]) == 42001
    assert await _code(sim, second["access_token"]) == 0


async def test_the_stable_token_stays_the_same_until_five_minutes_before_its_end(
    sim: Sim,
) -> None:
    first = await _stable(sim)
    await sim.move(seconds=6899)
    again = await _stable(sim)
    assert again == {"access_token": first["access_token"], "expires_in": 301}
    await sim.move(seconds=1)
    renewed = await _stable(sim)
    assert renewed["access_token"] != first["access_token"]
    assert await _code(sim, first["access_token"]) == 0
    await sim.move(seconds=300)
    assert await _code(sim, first["access_token"]) == 42001
    assert await _code(sim, renewed["access_token"]) == 0


async def test_a_forced_refresh_kills_at_once_but_not_twice_in_thirty_seconds(sim: Sim) -> None:
    first = await _stable(sim)
    forced = await _stable(sim, force_refresh=True)
    assert await _code(sim, first["access_token"]) == 40001
    await sim.move(seconds=29)
    early = await _stable(sim, force_refresh=True)
    assert early["access_token"] == forced["access_token"]
    await sim.move(seconds=1)
    later = await _stable(sim, force_refresh=True)
    assert later["access_token"] != forced["access_token"]


async def test_twenty_forced_refreshes_a_day(sim: Sim) -> None:
    for _ in range(20):
        assert "access_token" in await _stable(sim, force_refresh=True)
        await sim.move(seconds=30)
    assert (await _stable(sim, force_refresh=True))["errcode"] == 45009


async def test_the_two_slots_do_not_disturb_each_other(sim: Sim) -> None:
    stable = await _stable(sim)
    await _plain(sim)
    plain = await _plain(sim)
    await _stable(sim, force_refresh=True)
    assert await _code(sim, plain["access_token"]) == 0
    assert await _code(sim, stable["access_token"]) == 40001


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"secret": "no"}, 40125),
        ({"appid": "wx9"}, 40013),
        ({"grant_type": "code"}, 40002),
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
    ],
)
async def test_wrong_credentials(sim: Sim, changed: dict[str, str], code: int) -> None:
    assert (await _plain(sim, **changed))["errcode"] == code
    assert (await _stable(sim, **changed))["errcode"] == code


async def test_methods_and_missing_tokens(sim: Sim, hospital: Wechat) -> None:
    wrong = await sim.call("GET", "/wechat/cgi-bin/stable_token", params=CREDENTIAL)
    assert wrong.body["errcode"] == 43002
    assert (await hospital.call("/cgi-bin/draft/count", {}))["errcode"] == 43001
    assert await _code(sim, "") == 41001
    assert await _code(sim, "rubbish") == 40014
    assert await _code(sim, "70_unknown") == 40001


async def test_expired_and_dead_by_control(sim: Sim, hospital: Wechat) -> None:
    who = {"platform": "wechat", "account": "hospital"}
    await sim.control("POST", "tokens/expire", who)
    assert await _code(sim, hospital.token) == 40001
    fresh = (await _stable(sim))["access_token"]
    assert await _code(sim, fresh) == 0
    await sim.control("POST", "tokens/expire", who | {"dead": True})
    assert (await _stable(sim))["errcode"] == 40125
    assert await _code(sim, fresh) == 40001
    await sim.control("POST", "tokens/expire", who | {"dead": False})
    assert "access_token" in await _stable(sim)


async def test_a_fault_finds_the_account_behind_a_token_call(sim: Sim) -> None:
    await sim.fault("wechat", "code", code=40164, account=HOSPITAL["account"], times=-1)
    assert (await _plain(sim))["errcode"] == 40164
    assert (await _stable(sim))["errcode"] == 40164
    assert "access_token" in await _plain(sim, appid="wx2", secret="s2")


async def test_daily_budgets_and_clearing_them(sim: Sim, hospital: Wechat) -> None:
    path = "/cgi-bin/freepublish/batchget"
    page = {"offset": 0, "count": 1}
    for _ in range(100):
        assert "total_count" in await hospital.call(path, page)
    assert (await hospital.call(path, page))["errcode"] == 45009
    quota = await hospital.call("/cgi-bin/openapi/quota/get", {"cgi_path": path})
    assert quota["quota"] == {"daily_limit": 100, "used": 100, "remain": 0}
    cleared = await hospital.call("/cgi-bin/clear_quota", {"appid": "wx1"})
    assert cleared == {"errcode": 0, "errmsg": "ok"}
    assert "total_count" in await hospital.call(path, page)
    unknown = await hospital.call("/cgi-bin/openapi/quota/get", {"cgi_path": "/no"})
    assert unknown["errcode"] == 76021


async def test_budgets_start_again_at_midnight_in_shanghai(sim: Sim, hospital: Wechat) -> None:
    used = {"budget": "/wechat/cgi-bin/draft/count", "used": 1000}
    who = {"platform": "wechat", "account": "hospital"}
    await sim.control("POST", "quota", who | used)
    assert await _code(sim, hospital.token) == 45009
    await sim.move(hours=14)
    assert await _code(sim, (await _stable(sim))["access_token"]) == 0


async def test_clearing_is_limited_to_ten_a_month(hospital: Wechat) -> None:
    for _ in range(10):
        assert (await hospital.call("/cgi-bin/clear_quota", {"appid": "wx1"}))["errcode"] == 0
    assert (await hospital.call("/cgi-bin/clear_quota", {"appid": "wx1"}))["errcode"] == 48006


async def test_the_token_call_has_a_budget_of_its_own(sim: Sim) -> None:
    used = {"budget": "/cgi-bin/token", "used": 2000}
    await sim.control("POST", "quota", {"platform": "wechat", "account": "hospital"} | used)
    assert (await _plain(sim))["errcode"] == 45009
    assert "access_token" in await _stable(sim)


async def test_many_tokens_do_not_make_a_living_one_disappear(sim: Sim) -> None:
    await sim.settings(limits={"wechat": {"/cgi-bin/token": 10_000}})
    stable = (await _stable(sim))["access_token"]
    for _ in range(1000):
        newest = (await _plain(sim))["access_token"]
    assert await _code(sim, newest) == 0
    assert await _code(sim, stable) == 0
