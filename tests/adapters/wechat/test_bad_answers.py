"""Whatever stands where WeChat should be: each answer is a typed error, and nothing is doubled."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import web

from bot.contract import Checkpoint, Pending, Receipt
from bot.errors import ContractBroken, MediaError, OutcomeUnknown, PlatformError, Unavailable
from tests.adapters.contract import assert_typed
from tests.adapters.wechat.stage import WechatStage

KINDS: dict[str, dict[str, object]] = {
    "html": {},
    "empty": {},
    "missing_code": {},
    "string_numbers": {},
    "redirect": {"kind": "status_after", "status": 302},  # a login page of the office's network
    "bad gateway": {"kind": "status_after", "status": 502},
    "lost": {"kind": "lost_answer"},
}
Action = Callable[[WechatStage, Checkpoint, Receipt], Awaitable[object]]


async def _recent(stage: WechatStage, done: Checkpoint, receipt: Receipt) -> object:
    return [item async for item in stage.adapter.recent(receipt.published_at)]


ACTIONS: dict[str, Action] = {
    "find": lambda stage, done, receipt: stage.look(done),
    "recent": _recent,
    "stat": lambda stage, done, receipt: stage.adapter.stat([receipt]),
    "profile": lambda stage, done, receipt: stage.adapter.profile(),
    "preview": lambda stage, done, receipt: stage.adapter.preview(stage.variant, done, to="w"),
    "withdraw": lambda stage, done, receipt: stage.adapter.withdraw(receipt),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("action", ACTIONS)
async def test_every_action_ends_in_a_result_or_a_typed_error(
    stage: WechatStage, action: str, kind: str
) -> None:
    done, receipt = await stage.published()
    fault = {"kind": kind, "times": -1} | KINDS[kind]
    await stage.fault(str(fault.pop("kind")), path="", **fault)
    try:
        await ACTIONS[action](stage, done, receipt)
    except PlatformError as error:
        assert_typed(error, stage)
    await stage.control("DELETE", "faults")
    assert await stage.public_posts() <= 1


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "string_numbers"])
async def test_a_broken_answer_to_the_commit_is_never_a_no(stage: WechatStage, kind: str) -> None:
    done = stage.granted(await stage.prepared())
    fault: dict[str, object] = {"kind": kind} | KINDS[kind]
    await stage.fault(str(fault.pop("kind")), path=stage.commit_path, **fault)
    outcome: Receipt | Pending | None = None
    try:
        outcome = await stage.commit(done)
    except OutcomeUnknown:
        await stage.forward(timedelta(seconds=120))
        outcome = await stage.look(done)
    assert isinstance(await stage.settled(done, outcome), Receipt)
    assert await stage.public_posts() == 1


async def test_a_file_changed_between_check_and_upload(stage: WechatStage) -> None:
    assert stage.adapter.check(stage.variant, stage.account) == []
    assert stage.variant.cover is not None
    stage.folder.path(stage.variant.cover).write_bytes(b"\x89PNG other")
    with pytest.raises(MediaError):
        await stage.prepared()
    assert await stage.requests("draft/add") == 0


@dataclass(kw_only=True)
class Impostor:
    """Gives a token, and answers every other call with 200 and the same JSON."""

    url: str
    answer: dict[str, object] = field(default_factory=dict)


@pytest.fixture
async def impostor() -> AsyncIterator[Impostor]:
    found = Impostor(url="")

    async def handle(request: web.Request) -> web.Response:
        token: dict[str, object] = {"access_token": "70_x", "expires_in": 7200}
        wants_token = request.path.endswith("stable_token")
        return web.Response(text=json.dumps(token if wants_token else found.answer))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"url": None, "media_id": None},
        {"url": ["http://mmbiz.qpic.cn/a"], "media_id": {}},
        {"errcode": "none of yours"},
        {"errcode": [1]},
    ],
)
async def test_a_field_that_is_missing_or_of_another_type(
    stage: WechatStage, impostor: Impostor, answer: dict[str, object]
) -> None:
    impostor.answer = answer
    adapter = stage.another_adapter(base_url=impostor.url)
    with pytest.raises((ContractBroken, Unavailable)):
        await adapter.prepare(stage.variant, Checkpoint())
    done = stage.granted(Checkpoint(data={"draft": "m", "content": "x"}, ready=True))
    with pytest.raises(OutcomeUnknown):
        await adapter.commit(stage.variant, done, key=stage.key)
    with pytest.raises(PlatformError):
        await adapter.find(stage.variant, done, key=stage.key)
