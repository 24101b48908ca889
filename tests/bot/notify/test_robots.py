"""Letters through group robots, over real HTTP; what counts is the answer's body."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.notices import Letter, Verdict
from bot.i18n import _
from bot.notify.robots import LIMITS, _Why
from tests.bot.notify.conftest import Reach
from tests.notify.robots import HOOK, KEY, KEYWORD, SECRET, TOKEN, Robots
from tests.services import free_port

LETTER = Letter(
    title="待办：一院（1）", text="《流感防护》\n请确认是否转载。\nhttps://a.example/t/1?x=1&y=+"
)
WHOLE = f"{LETTER.title}\n{LETTER.text}"


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
async def test_a_letter_arrives_as_it_was_written(robots: Robots, reach: Reach, kind: str) -> None:
    reply = await reach(getattr(robots, kind)).send(LETTER)
    assert reply.verdict is Verdict.SENT
    assert robots.said == [(kind, WHOLE)]


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
async def test_signed(robots: Robots, reach: Reach, kind: str) -> None:
    robots.signed = True
    joint = "&" if kind == "dingtalk" else "?"
    address = f"{getattr(robots, kind)}{joint}secret="
    for secret, verdict in ((SECRET, Verdict.SENT), ("SECwrong", Verdict.REFUSED)):
        reply = await reach(address + secret).send(LETTER)
        assert reply.verdict is verdict, reply
        assert reply.advice == ("" if verdict is Verdict.SENT else _(_Why.SIGN.value))
    robots.now_s = 1.0  # their clock and ours are years apart
    assert (await reach(address + SECRET).send(LETTER)).verdict is Verdict.REFUSED
    assert len(robots.said) == 1


async def test_each_signature_is_encoded_once(robots: Robots, reach: Reach) -> None:
    """A "+" or "=" in it is a matter of luck, so many moments are tried."""
    robots.signed = True
    for _number in range(20):
        assert (await reach(f"{robots.dingtalk}&secret={SECRET}").send(LETTER)).said == ""
    assert len(robots.said) == 20


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
async def test_a_keyword_is_put_where_it_is_missing(
    robots: Robots, reach: Reach, kind: str
) -> None:
    robots.keyword = KEYWORD
    address = getattr(robots, kind)
    assert (await reach(address).send(LETTER)).verdict is Verdict.REFUSED
    joint = "&" if kind == "dingtalk" else "?"
    target = reach(f"{address}{joint}keyword={KEYWORD}")
    assert (await target.send(LETTER)).verdict is Verdict.SENT
    with_it = Letter(title=f"{KEYWORD}提醒", text="…")
    assert (await target.send(with_it)).verdict is Verdict.SENT
    assert robots.texts == [f"[{KEYWORD}]{WHOLE}", f"{KEYWORD}提醒\n…"]


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
async def test_a_long_letter_is_cut_at_the_limit_and_at_a_whole_sign(
    robots: Robots, reach: Reach, kind: str
) -> None:
    long = Letter(title="待办", text="健康🏥" * 2000)
    assert (await reach(getattr(robots, kind)).send(long)).verdict is Verdict.SENT
    (text,) = robots.texts
    assert text.endswith("…")
    assert LIMITS[reach(getattr(robots, kind)).robot.kind] - 12 < len(text.encode())
    assert "�" not in text


@pytest.mark.parametrize(
    ("kind", "answer", "why", "pause_s"),
    [
        ("wecom", {"errcode": 93000, "errmsg": f"invalid webhook url {KEY}"}, _Why.ADDRESS, None),
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, _Why.RATE, 60),
        ("wecom", {"errcode": -1, "errmsg": "system busy"}, _Why.BUSY, None),
        ("wecom", {"errcode": 99999, "errmsg": "new"}, _Why.OTHER, None),
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}, _Why.RATE, 600),
        (
            "dingtalk",
            {"errcode": 310000, "errmsg": "ip 1.2.3.4 not in whitelist"},
            _Why.IP,
            None,
        ),
        ("dingtalk", {"errcode": 310000, "errmsg": "something else"}, _Why.OTHER, None),
        ("feishu", {"code": 19001, "msg": "token invalid"}, _Why.ADDRESS, None),
        ("feishu", {"code": 19022, "msg": "Ip Not Allowed"}, _Why.IP, None),
        ("feishu", {"code": 11232, "msg": "frequency limited psm"}, _Why.RATE, 60),
        ("feishu", 429, _Why.RATE, 60),
        ("wecom", 302, _Why.OTHER, None),
        ("wecom", 403, _Why.OTHER, None),
    ],
)
async def test_what_is_refused(
    robots: Robots, reach: Reach, kind: str, answer: Any, why: _Why, pause_s: float | None
) -> None:
    robots.answers = [answer]
    reply = await reach(getattr(robots, kind)).send(LETTER)
    assert reply.verdict is Verdict.REFUSED
    assert reply.advice == _(why.value)
    assert (reply.again_after and reply.again_after.total_seconds()) == pause_s
    for secret in (KEY, TOKEN, HOOK):
        assert secret not in reply.words
    if isinstance(answer, dict):
        assert str(next(iter(answer.values()))) in reply.said


@pytest.mark.parametrize("answer", [None, 502, {"hello": 1}, {"errcode": "0"}, 200, []])
async def test_what_is_unclear(robots: Robots, reach: Reach, answer: Any) -> None:
    robots.answers = [answer]
    reply = await reach(robots.wecom).send(LETTER)
    assert (reply.verdict, robots.calls) == (Verdict.UNCLEAR, 1)
    assert reply.advice


async def test_a_robot_that_cannot_be_reached_was_surely_not_told(reach: Reach) -> None:
    target = reach(f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}")
    nobody = reach(
        f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}",
        base_url=f"http://127.0.0.1:{free_port()}",
    )
    reply = await nobody.send(LETTER)
    assert reply.verdict is Verdict.REFUSED
    assert KEY not in reply.words + repr(target)


async def test_an_answer_that_never_comes_is_unclear(robots: Robots, reach: Reach) -> None:
    robots.answers = ["slow"]
    reply = await reach(robots.wecom, timeout_s=0.2).send(LETTER)
    assert (reply.verdict, robots.calls) == (Verdict.UNCLEAR, 1)
