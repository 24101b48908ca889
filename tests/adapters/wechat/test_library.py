"""wechatpy's API classes, awaited over our own calls."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from adapters.http import Http
from adapters.wechat.api import Api, File
from adapters.wechat.errors import Context
from adapters.wechat.library import Library
from adapters.wechat.tokens import BySecret, Tokens
from bot.errors import AuthFailed, RateLimited, Rejected, Unavailable
from tests.adapters.wechat.stage import WechatStage


@pytest.fixture
def library(stage: WechatStage) -> Library:
    http = Http(
        stage.session,
        platform="wechat",
        base_url=f"{stage.url}/wechat",
        timeout_s=5,
        read_wait_s=0,
    )

    def context() -> Context:
        return Context(now=stage.clock.now(), account_kind="subscription")

    source = BySecret(http, stage.clock, context)
    return Library(Api(http, Tokens(source, stage.credentials, stage.clock), context))


def picture() -> File:
    buffer = io.BytesIO()
    Image.new("RGB", (80, 80), "teal").save(buffer, "PNG")
    return File(name="a.png", mime="image/png", data=buffer.getvalue())


async def test_a_get_and_a_post(library: Library) -> None:
    assert (await library.material.get_count())["image_count"] == 0
    page = await library.material.batchget("image", 0, 20)
    assert page["total_count"] == 0


async def test_an_upload_and_its_deletion(library: Library) -> None:
    made = await library.material.add("image", picture())
    assert made["url"].startswith("http://mmbiz.qpic.cn/")
    assert (await library.material.get_count())["image_count"] == 1
    await library.material.delete(made["media_id"])
    assert (await library.material.get_count())["image_count"] == 0


async def test_the_token_is_ours(stage: WechatStage, library: Library) -> None:
    await library.material.get_count()
    assert stage.credentials.fields["access_token"].startswith("70_")
    await stage.expire_token()
    await library.material.get_count()
    assert await stage.requests("stable_token") == 2
    assert await stage.requests("cgi-bin/token") == 0


async def test_a_refused_token_is_renewed_once_and_not_for_ever(
    stage: WechatStage, library: Library
) -> None:
    """wechatpy's own client ends in a RecursionError here."""
    await stage.fault("code", path="get_materialcount", code=40001, times=-1)
    with pytest.raises(AuthFailed):
        await library.material.get_count()
    assert await stage.requests("get_materialcount") == 2


@pytest.mark.parametrize(
    ("code", "kind"), [(45009, RateLimited), (40007, Rejected), (48001, AuthFailed)]
)
async def test_its_errors_are_ours(
    stage: WechatStage, library: Library, code: int, kind: type[Exception]
) -> None:
    await stage.fault("code", path="del_material", code=code)
    with pytest.raises(kind):
        await library.material.delete("m")


@pytest.mark.parametrize("kind", ["lost_answer", "drop_before"])
async def test_a_loss_is_unavailable(stage: WechatStage, library: Library, kind: str) -> None:
    await stage.fault(kind, path="del_material")
    with pytest.raises(Unavailable):
        await library.material.delete("m")
