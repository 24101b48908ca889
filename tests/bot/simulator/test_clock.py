"""The clock rules everything a platform shows."""

from datetime import UTC, datetime

from tests.bot.simulator.client import START, Sim, Weibo


async def test_a_virtual_clock_stands_still(sim: Sim) -> None:
    for _ in range(2):
        answer = await sim.control("GET", "clock")
        assert answer == {"now": START.isoformat(), "virtual": True}


async def test_it_goes_forward_and_back_only_by_force(sim: Sim) -> None:
    later = {"now": "2026-04-01T00:00:00+08:00"}
    assert (await sim.control("POST", "clock", later))["now"] == "2026-03-31T16:00:00+00:00"
    earlier = {"now": "2026-03-01T00:00:00+00:00"}
    refused = await sim.call("POST", "/_sim/clock", json=earlier)
    assert refused.status == 400
    assert "forward" in refused.body["error"]
    answer = await sim.control("POST", "clock", earlier | {"force": True})
    assert answer["now"] == "2026-03-01T00:00:00+00:00"


async def test_it_can_go_back_to_wall_time(sim: Sim) -> None:
    answer = await sim.control("POST", "clock", {"real": True})
    assert answer["virtual"] is False
    drift = datetime.now(UTC) - datetime.fromisoformat(answer["now"])
    assert abs(drift.total_seconds()) < 5


async def test_a_time_without_offset_is_refused(sim: Sim) -> None:
    for wrong in ("2026-04-01T00:00:00", "tomorrow", 5, None):
        reply = await sim.call("POST", "/_sim/clock", json={"now": wrong})
        assert reply.status == 400, wrong
        assert "ISO-8601" in reply.body["error"] or "offset" in reply.body["error"]


async def test_a_virtual_month_of_daily_posts_keeps_every_quota(sim: Sim, flagship: Weibo) -> None:
    for day in range(30):
        assert (await flagship.share(f"第{day}天")).status == 200
        await sim.move(days=1)
    assert len(await sim.posts(platform="weibo", public="1")) == 30
    newest = (await sim.posts(account="flagship"))[-1]
    assert newest["published_at"] == "2026-03-31T02:00:00+00:00"
