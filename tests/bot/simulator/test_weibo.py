"""Weibo: what a post must carry, what the timelines show, what the tokens do."""

import io
from typing import Any

import aiohttp
import pytest

from bot.simulator.text import weibo_bid, weibo_length
from tests.bot.simulator.client import PNG, Reply, Sim, Weibo

SHARE = "/2/statuses/share.json"


def _code(reply: Reply) -> int:
    assert reply.status in (400, 403)
    assert set(reply.body) == {"error", "error_code", "request"}
    return int(reply.body["error_code"])


async def test_a_share_answers_the_status(sim: Sim, flagship: Weibo) -> None:
    reply = await flagship.share("世界慢阻肺日")
    status = reply.body
    assert status["idstr"] == status["mid"] == str(status["id"])
    assert len(status["mid"]) == 16
    assert status["created_at"] == "Mon Mar 02 10:00:00 +0800 2026"
    assert status["user"]["screen_name"] == "健康澜汀"
    (link,) = status["url_objects"]
    assert link["url_long"] == "https://wjw.example.cn/a"
    assert status["text"] == f"世界慢阻肺日 {link['url_short']} "
    assert link["url_short"].startswith("http://t.cn/")
    (post,) = await sim.posts(platform="weibo")
    assert post["url"] == f"https://weibo.com/1234567890/{weibo_bid(status['id'])}"
    assert (post["id"], post["push"]) == (status["mid"], status["mid"])
    assert (post["via"], post["kind"], post["public"]) == ("api", "share", True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "没有链接"}, 10017),
        ({"status": "别人的链接 https://other.cn/a "}, 10017),
        ({"status": "名字更长 https://notwjw.example.cn/ "}, 10017),
        ({"status": "像是 https://evilwjw.example.cn.other.cn/ "}, 10017),
        ({"status": "#健康# https://wjw.example.cn "}, 10017),
        ({"status": "字" * 128 + " https://wjw.example.cn/a "}, 20012),
        ({"status": " "}, 20008),
        ({"rip": ""}, 10016),
        ({"rip": "here"}, 10017),
    ],
)
async def test_a_post_that_breaks_a_rule(
    sim: Sim, flagship: Weibo, fields: dict[str, str], code: int
) -> None:
    assert _code(await flagship.share("一", **fields)) == code
    assert await sim.posts() == []


async def test_missing_fields(flagship: Weibo) -> None:
    assert _code(await flagship.post(SHARE, rip="1.2.3.4")) == 10016
    assert _code(await flagship.post(SHARE, status="x https://wjw.example.cn ")) == 10016


async def test_the_two_domain_errors_have_their_own_words(sim: Sim, flagship: Weibo) -> None:
    foreign = await flagship.share("一", status="https://other.cn ")
    assert foreign.body["error"] == "text not find domain!"
    change = {"platform": "weibo", "account": "flagship", "domains_audited": False}
    await sim.control("POST", "accounts", {"accounts": [change]})
    assert (await flagship.share("一")).body["error"] == "appkey not bind domain!"


async def test_a_subdomain_of_the_safe_domain_will_do(flagship: Weibo) -> None:
    reply = await flagship.share("一", status="看 http://www.wjw.example.cn/x ")
    assert reply.status == 200


async def test_topics_are_stripped_when_asked(sim: Sim, flagship: Weibo) -> None:
    await sim.settings(weibo_topics="strip")
    reply = await flagship.share("#健康# 洗手")
    assert reply.body["text"].startswith(" 洗手")


async def test_a_fragment_in_a_link_is_no_topic(flagship: Weibo) -> None:
    links = "看 https://wjw.example.cn/#a 和 https://wjw.example.cn/#b "
    assert (await flagship.share("一", status=links)).status == 200


def test_length_counts_half_width_units() -> None:
    cases = {"【转基因": 4, "我司CEO！": 5, "8@&*%&b": 4, " Test": 3, "   Test   ": 5}
    assert {text: weibo_length(text) for text in cases} == cases
    assert weibo_length("http://a.cn/" + "x" * 100) == 10
    assert weibo_length("http://a.cn/" + "x" * 138) == 15
    assert weibo_length("http://t.cn/A6demo") == 9
    assert weibo_length("éé") == 2
    assert weibo_length("https://a.cn/" + "x" * 87) == 50


async def test_exactly_140_characters_pass(flagship: Weibo) -> None:
    tail = " https://wjw.example.cn/a "  # 26 half-width characters
    fits = "字" * (140 - 13) + tail
    assert weibo_length(fits) == 140
    assert (await flagship.share("", status=fits)).status == 200
    assert _code(await flagship.share("", status="字" + fits)) == 20012


def test_short_ids_follow_the_published_pairs() -> None:
    pairs = {
        3436240135184587: "yfcLPlKKn",
        4559512851192225: "JoYct509r",
        5000000000000001: "O00000001",
        4500000012345678: "J00019Qdw",
    }
    assert {mid: weibo_bid(mid) for mid in pairs} == pairs


async def test_equal_text_is_refused_for_a_day(sim: Sim, flagship: Weibo, unit: Weibo) -> None:
    assert (await flagship.share("洗手")).status == 200
    assert _code(await flagship.share("洗手")) == 20019
    assert (await unit.share("洗手")).status == 200
    await sim.move(hours=24)
    assert (await flagship.share("洗手")).status == 200


async def test_similar_text_is_refused_only_when_switched_on(sim: Sim, flagship: Weibo) -> None:
    words = "流感高发季节请市民朋友们勤洗手多通风戴口罩尽早接种疫苗"
    assert (await flagship.share(words)).status == 200
    assert (await flagship.share(words + "。")).status == 200
    await sim.settings(weibo_similar=True)
    assert _code(await flagship.share(words + "！")) == 20017
    assert (await flagship.share("世界防治结核病日到社区做一次筛查")).status == 200


async def _with_picture(flagship: Weibo, data: bytes, field: str = "pic") -> Reply:
    form = aiohttp.FormData()
    text = f"图 {len(data)} https://wjw.example.cn/a "
    for name, value in (("access_token", flagship.token), ("status", text), ("rip", "1.2.3.4")):
        form.add_field(name, value)
    form.add_field(field, io.BytesIO(data), filename="a.png", content_type="image/png")
    return await flagship.sim.call("POST", f"/weibo{SHARE}", data=form)


async def test_pictures_are_judged_by_content_and_size(flagship: Weibo) -> None:
    good = await _with_picture(flagship, PNG)
    assert good.status == 200
    assert len(good.body["pic_urls"]) == 1
    assert _code(await _with_picture(flagship, b"BM" + b"\x00" * 60)) == 20005
    assert _code(await _with_picture(flagship, PNG + b"\x00" * 5 * 1024 * 1024)) == 20006
    assert _code(await _with_picture(flagship, PNG, "picture")) == 20007


async def test_a_broken_multipart_looks_like_an_auth_error(flagship: Weibo) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    reply = await flagship.sim.call(
        "POST", f"/weibo{SHARE}?access_token=2.00flag", data=b"nothing", headers=headers
    )
    assert _code(reply) == 21301
    assert reply.body["error"] == "auth by Null spi!"


async def test_a_slow_post_is_accepted_and_shows_later(sim: Sim, flagship: Weibo) -> None:
    await sim.fault("weibo", "slow_review", seconds=90)
    assert _code(await flagship.share("慢")) == 20032
    assert (await flagship.timeline())["statuses"] == []
    assert await sim.posts(public="1") == []
    await sim.move(seconds=90)
    assert len((await flagship.timeline())["statuses"]) == 1
    assert len(await sim.posts(public="1")) == 1


async def test_a_post_hidden_by_moderation_answers_well_and_is_never_seen(
    sim: Sim, flagship: Weibo
) -> None:
    await sim.fault("weibo", "refuse_review")
    mid = (await flagship.share("藏")).body["mid"]
    assert _code(await flagship.get("/2/statuses/show.json", id=mid)) == 20101
    assert await sim.posts(public="1") == []


async def test_the_timeline_shows_the_newest_five_of_ones_own(
    sim: Sim, flagship: Weibo, unit: Weibo
) -> None:
    mids = []
    for n in range(7):
        mids.append((await flagship.share(f"第{n}条")).body["mid"])
        await sim.move(seconds=1)
    await unit.share("别人")
    shown = await flagship.timeline()
    assert [s["mid"] for s in shown["statuses"]] == mids[:1:-1]
    assert shown["total_number"] == 7
    second = await flagship.get("/2/statuses/user_timeline.json", page="2", count="100")
    assert second.body["statuses"] == []
    since = await flagship.get("/2/statuses/user_timeline.json", since_id=mids[5])
    assert [s["mid"] for s in since.body["statuses"]] == [mids[6]]


async def test_a_post_made_by_hand_stands_in_the_timeline_at_its_time(
    sim: Sim, flagship: Weibo
) -> None:
    await flagship.share("机器")
    by_hand = {"platform": "weibo", "account": "flagship", "text": "#话题# 手工"}
    made = await sim.control("POST", "console", by_hand | {"at": "2026-03-01T00:00:00+08:00"})
    statuses = (await flagship.timeline())["statuses"]
    assert [s["mid"] for s in statuses][1:] == made["ids"]
    assert statuses[1]["text"] == "#话题# 手工"
    (post,) = [p for p in await sim.posts() if p["via"] == "console"]
    assert post["published_at"] == "2026-02-28T16:00:00+00:00"


async def _repost(user: Weibo, mid: str, **fields: str) -> Reply:
    return await user.post("/2/statuses/repost.json", id=mid, rip="1.2.3.4", **fields)


async def test_reposts_point_at_the_root_and_only_the_same_app_is_listed(
    sim: Sim, flagship: Weibo, unit: Weibo, stranger: Weibo
) -> None:
    root = (await flagship.share("重点")).body["mid"]
    first = (await _repost(unit, root)).body
    assert first["text"] == "转发微博"
    assert first["retweeted_status"]["mid"] == root
    deep = (await _repost(stranger, first["mid"], status="转")).body
    assert deep["retweeted_status"]["mid"] == root
    listed = (await flagship.get("/2/statuses/repost_timeline.json", id=root)).body
    assert [s["mid"] for s in listed["reposts"]] == [first["mid"]]
    assert listed["total_number"] == 2
    ids = (await flagship.get("/2/statuses/repost_timeline/ids.json", id=root)).body
    assert (ids["statuses"], ids["total_number"]) == ([first["mid"]], 2)
    kinds = {p["id"]: p["kind"] for p in await sim.posts(platform="weibo")}
    assert kinds[first["mid"]] == "repost"


async def test_repost_errors(flagship: Weibo, unit: Weibo) -> None:
    root = (await flagship.share("重点")).body["mid"]
    assert _code(await _repost(flagship, root)) == 20103
    assert _code(await _repost(unit, "1")) == 20101
    assert _code(await _repost(unit, root, status="字" * 141)) == 20012
    assert _code(await unit.post("/2/statuses/repost.json", id=root)) == 10016
    assert _code(await unit.post("/2/statuses/repost.json", rip="1.2.3.4")) == 20109


async def test_the_same_words_on_the_same_post_are_refused(flagship: Weibo, unit: Weibo) -> None:
    one = (await flagship.share("重点")).body["mid"]
    other = (await flagship.share("别的")).body["mid"]
    assert (await _repost(unit, one)).status == 200
    assert _code(await _repost(unit, one)) == 20111
    assert (await _repost(unit, one, status="再转")).status == 200
    assert (await _repost(unit, other)).status == 200
    assert _code(await _repost(unit, other, status="三", is_comment="4")) == 10017


async def test_reposts_by_strangers_show_in_the_total_only(sim: Sim, flagship: Weibo) -> None:
    mid = (await flagship.share("重点")).body["mid"]
    made = await sim.control("POST", f"posts/{mid}/reposts", {"count": 12})
    assert made["reposts"] == 12
    listed = (await flagship.get("/2/statuses/repost_timeline.json", id=mid)).body
    assert (listed["reposts"], listed["total_number"]) == ([], 12)
    for wrong in ({"count": 0}, {"count": True}):
        reply = await sim.call("POST", f"/_sim/posts/{mid}/reposts", json=wrong)
        assert reply.status == 400
    assert (await sim.call("POST", "/_sim/posts/1/reposts", json={})).status == 400


async def test_who_took_the_authorisation_back_is_not_listed(flagship: Weibo, unit: Weibo) -> None:
    mid = (await flagship.share("重点")).body["mid"]
    await _repost(unit, mid)
    assert (await unit.post("/oauth2/revokeoauth2")).body == {"result": "true"}
    listed = (await flagship.get("/2/statuses/repost_timeline.json", id=mid)).body
    assert (listed["reposts"], listed["total_number"]) == ([], 1)
    assert _code(await flagship.get("/2/users/show.json", uid="2233445566")) == 21335
    assert _code(await unit.share("迟了")) == 21316


async def test_a_contract_lists_a_hundred_a_page(sim: Sim, flagship: Weibo) -> None:
    for number in range(7):
        await flagship.share(f"第{number}条")
    path = "/2/statuses/user_timeline/biz.json"
    assert _code(await flagship.get(path)) == 10014
    paid = {"platform": "weibo", "account": "flagship", "paid": True}
    await sim.control("POST", "accounts", {"accounts": [paid]})
    assert len((await flagship.get(path, count="100")).body["statuses"]) == 7
    second = (await flagship.get(path, count="5", page="2")).body["statuses"]
    assert len(second) == 2


async def test_only_ones_own_post_can_be_destroyed(sim: Sim, flagship: Weibo, unit: Weibo) -> None:
    mid = (await flagship.share("错")).body["mid"]
    assert _code(await unit.post("/2/statuses/destroy.json", id=mid)) == 20102
    assert (await flagship.post("/2/statuses/destroy.json", id=mid)).body["mid"] == mid
    assert _code(await flagship.get("/2/statuses/show.json", id=mid)) == 20101
    assert _code(await flagship.post("/2/statuses/destroy.json", id=mid)) == 20101
    assert (await flagship.timeline())["total_number"] == 0
    assert await sim.posts(public="1") == []


async def test_counts_are_strings_and_unknown_ids_are_left_out(
    flagship: Weibo, unit: Weibo
) -> None:
    mid = (await flagship.share("数")).body["mid"]
    await _repost(unit, mid)
    (row,) = (await flagship.get("/2/statuses/count.json", ids=f"1,{mid}")).body
    assert row["id"] == mid
    assert row["reposts"] == "1"
    assert isinstance(row["comments"], str)
    assert _code(await flagship.get("/2/statuses/count.json")) == 20001
    many = ",".join(["1"] * 101)
    assert _code(await flagship.get("/2/statuses/count.json", ids=many)) == 20009


async def test_show_and_users_know_only_the_same_app(
    flagship: Weibo, unit: Weibo, stranger: Weibo
) -> None:
    mid = (await flagship.share("看")).body["mid"]
    assert (await unit.get("/2/statuses/show.json", id=mid)).body["mid"] == mid
    assert _code(await stranger.get("/2/statuses/show.json", id=mid)) == 20101
    user = (await unit.get("/2/users/show.json", uid="1234567890")).body
    assert (user["screen_name"], user["statuses_count"]) == ("健康澜汀", 1)
    assert _code(await stranger.get("/2/users/show.json", uid="1234567890")) == 21335
    assert _code(await unit.get("/2/users/show.json", uid="9")) == 20003
    assert _code(await unit.get("/2/users/show.json")) == 10008


async def test_thirty_posts_an_hour(sim: Sim, flagship: Weibo, unit: Weibo) -> None:
    for n in range(30):
        assert (await flagship.share(f"第{n}条")).status == 200
    assert _code(await flagship.share("多了")) == 10024
    assert (await unit.share("不相干")).status == 200
    await sim.move(hours=1)
    assert (await flagship.share("多了")).status == 200


async def test_a_hundred_calls_a_day_and_the_free_ones(sim: Sim, flagship: Weibo) -> None:
    used = {"platform": "weibo", "account": "flagship", "budget": "calls", "used": 99}
    await sim.control("POST", "quota", used)
    limits = (await flagship.get("/2/account/rate_limit_status.json")).body
    assert (limits["user_limit"], limits["remaining_user_hits"]) == (100, 1)
    assert (await flagship.get("/2/statuses/user_timeline.json")).status == 200
    assert _code(await flagship.share("迟了")) == 10023
    assert (await flagship.get("/2/account/get_uid.json")).body == {"uid": 1234567890}
    await sim.move(hours=14)  # midnight in Shanghai
    assert (await flagship.share("次日")).status == 200


async def test_all_calls_of_one_address_share_a_limit(
    sim: Sim, flagship: Weibo, unit: Weibo
) -> None:
    await sim.settings(limits={"weibo": {"ip": 2}})
    assert (await flagship.share("一")).status == 200
    assert (await unit.share("二")).status == 200
    assert _code(await flagship.share("三")) == 10022
    await sim.move(hours=1)
    assert (await flagship.share("三")).status == 200


async def test_token_errors(sim: Sim, flagship: Weibo) -> None:
    unknown = Weibo(sim=sim, token="2.00nobody")
    assert _code(await unknown.share("一")) == 21332
    assert _code(await Weibo(sim=sim, token="").share("一")) == 10006
    who = {"platform": "weibo", "account": "flagship"}
    await sim.control("POST", "tokens/expire", who)
    assert _code(await flagship.share("一")) == 21327
    await sim.control("POST", "tokens/expire", who | {"dead": True})
    assert _code(await flagship.share("一")) == 21332
    await sim.control("POST", "tokens/expire", who | {"dead": False})
    assert (await flagship.share("一")).status == 200


async def test_a_token_ends_by_the_clock(sim: Sim, flagship: Weibo) -> None:
    end = {"platform": "weibo", "account": "flagship", "expires_at": "2026-03-02T10:30:00+08:00"}
    await sim.control("POST", "accounts", {"accounts": [end]})
    info = (await flagship.post("/oauth2/get_token_info")).body
    assert info["expire_in"] == 1800
    assert "expires_in" not in info
    await sim.move(minutes=30)
    assert _code(await flagship.share("一")) == 21327


async def _exchange(sim: Sim, code: str, **changed: str) -> Reply:
    form = {
        "client_id": "1000000001",
        "client_secret": "shh",
        "grant_type": "authorization_code",
        "redirect_uri": "https://wjw.example.cn/back",
        "code": code,
    }
    return await sim.call("POST", "/weibo/oauth2/access_token", data=form | changed)


async def test_a_code_gives_a_new_token_once(sim: Sim, flagship: Weibo) -> None:
    who = {"platform": "weibo", "account": "flagship"}
    code = (await sim.control("POST", "codes", who))["code"]
    answer = (await _exchange(sim, code)).body
    assert answer["uid"] == "1234567890"
    assert answer["expires_in"] == 2591999
    fresh = Weibo(sim=sim, token=answer["access_token"])
    assert (await fresh.share("新")).status == 200
    assert _code(await flagship.share("旧")) == 21332
    assert _code(await _exchange(sim, code)) == 21325


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"client_secret": "no"}, 21324),
        ({"client_id": "9"}, 21324),
        ({"redirect_uri": "https://elsewhere.cn"}, 21322),
        ({"grant_type": "refresh_token"}, 21328),
    ],
)
async def test_a_wrong_exchange(sim: Sim, changed: dict[str, Any], code: int) -> None:
    who = {"platform": "weibo", "account": "flagship"}
    given = (await sim.control("POST", "codes", who))["code"]
    assert _code(await _exchange(sim, given, **changed)) == code


async def test_methods_and_closed_calls(flagship: Weibo) -> None:
    assert _code(await flagship.get(SHARE)) == 10021
    for closed in ("update", "upload", "upload_url_text", "repost_by_me"):
        assert _code(await flagship.post(f"/2/statuses/{closed}.json", status="x")) == 10014
    assert _code(await flagship.get("/2/statuses/nothing.json")) == 10020


async def test_the_token_may_come_in_a_header(sim: Sim) -> None:
    headers = {"Authorization": "OAuth2 2.00flag"}
    reply = await sim.call("GET", "/weibo/2/account/get_uid.json", headers=headers)
    assert reply.body == {"uid": 1234567890}


async def test_ids_can_grow_beyond_doubles(sim: Sim, flagship: Weibo) -> None:
    await sim.settings(weibo_big_ids=True)
    assert (await flagship.share("大")).body["id"] > 2**53
