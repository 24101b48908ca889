"""A post costs the server little, however many there are."""

import time
from urllib.parse import urlencode

from bot.simulator.wire import Answer, Call
from bot.simulator.world import World
from tests.bot.simulator.client import FLAGSHIP, START

FORM = "application/x-www-form-urlencoded"
POSTS, CEILING_S = 5000, 0.001  # of processor time; measured at a tenth of it


def _share(world: World, number: int) -> Answer:
    text = f"第{number}条 https://wjw.example.cn/{number} "
    form = {"access_token": FLAGSHIP["access_token"], "rip": "1.2.3.4", "status": text}
    path, body = "/weibo/2/statuses/share.json", urlencode(form).encode()
    call = Call(method="POST", path=path, query={}, headers={}, body=body, content_type=FORM)
    return world.weibo.serve(call)


def _timeline(world: World) -> Answer:
    query = {"access_token": FLAGSHIP["access_token"]}
    path = "/weibo/2/statuses/user_timeline.json"
    call = Call(method="GET", path=path, query=query, headers={}, body=b"", content_type="")
    return world.weibo.serve(call)


def test_shares_and_timelines_stay_cheap_as_posts_grow() -> None:
    world = World(START)
    world.register(FLAGSHIP)
    plenty = {"weibo": {"push": 10**9, "calls": 10**9}}
    world.core.settings.update({"limits": plenty})
    began = time.process_time()
    for number in range(POSTS):
        assert _share(world, number).status == 200
    assert (time.process_time() - began) / POSTS < CEILING_S
    began = time.process_time()
    for _ in range(200):
        assert _timeline(world).body["total_number"] == POSTS
    assert (time.process_time() - began) / 200 < CEILING_S
