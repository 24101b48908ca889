"""Signatures: the documents' rule, the very bytes that are sent, a nonce for each try."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.bilibili.signature import Key, signed
from bot.contract import Pending
from bot.errors import AuthFailed, Unavailable
from tests.adapters.bilibili.stage import APP, BilibiliStage
from tests.adapters.stage import MemoryCredentials

KEY = Key(client_id="c1", secret="s1", access_token="t1")
NOW = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)


def test_a_call_without_a_body_is_signed_as_the_documents_say() -> None:
    headers = signed(KEY, b"", now=NOW, nonce="n1")
    assert headers == {
        "Accept": "application/json",
        "Access-Token": "t1",
        # printf of the six lines, then: openssl dgst -sha256 -hmac s1
        "Authorization": "1dde712f97e820584a824bc923d90c9b7cf0c825dc2cdf1ad49558206a71ecfe",
        "x-bili-accesskeyid": "c1",
        "x-bili-content-md5": "d41d8cd98f00b204e9800998ecf8427e",
        "x-bili-signature-method": "HMAC-SHA256",
        "x-bili-signature-nonce": "n1",
        "x-bili-signature-version": "2.0",
        "x-bili-timestamp": "1778032800",
    }


def test_a_key_does_not_show_its_secrets() -> None:
    assert "s1" not in repr(KEY)
    assert "t1" not in repr(KEY)


async def test_chinese_and_signs_are_hashed_as_they_are_sent(stage: BilibiliStage) -> None:
    """Hashing one writing of the JSON and sending another is refused (4002)."""
    stage.variant = replace(
        stage.variant, title='双手"重叠"\\按压 😷 é', text="第一行\n第二行 #急救"
    )
    await stage.published()
    (post,) = await stage.posts()
    assert post["title"] == stage.variant.title


async def test_each_try_of_a_reading_call_has_a_nonce_of_its_own(stage: BilibiliStage) -> None:
    """The platform refuses a nonce it has seen (4004)."""
    done = stage.granted(await stage.prepared())
    pending = await stage.commit(done)
    assert isinstance(pending, Pending)
    await stage.forward(stage.review)
    await stage.fault("status_after", status=502, path="archive/view", times=2)
    assert await stage.look(done, pending) != pending
    assert await stage.requests("archive/view") == 3


async def test_a_wrong_secret_needs_a_person(stage: BilibiliStage) -> None:
    stage.app = MemoryCredentials({**APP, "client_secret": "other"})
    stage.adapter = stage.another_adapter()
    with pytest.raises(AuthFailed) as raised:
        await stage.prepared()
    assert raised.value.code == "4002"
    assert raised.value.advice


async def test_a_clock_that_is_wrong_is_said(stage: BilibiliStage) -> None:
    stage.clock.set(stage.clock.now() + timedelta(hours=1))
    with pytest.raises(Unavailable) as raised:
        await stage.prepared()
    assert raised.value.code == "4003"
    assert "时间" in raised.value.advice
