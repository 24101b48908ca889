"""WordPress against the inherited suite, as an article, as a short text and with a video."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from adapters.handoff.adapter import HandoffAdapter
from adapters.registry import make
from bot.contract import Tools
from bot.domain.roster import Account
from bot.errors import AuthFailed, Rejected
from bot.simulator.website_state import ERRORS
from tests.adapters.contract import AdapterContract, CorrectingContract
from tests.adapters.handoff.stage import HandoffStage
from tests.adapters.stage import MemoryCredentials, Stage
from tests.adapters.website.stage import WordPressStage


class TestArticle(CorrectingContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = await WordPressStage(tmp_path).start()
        yield stage
        await stage.close()

    async def test_refused_content_is_rejected(self, stage: Stage) -> None:
        """WordPress judges no content; what it refuses is the user's role."""
        done = stage.granted(await stage.prepared())
        number = ERRORS.index(("rest_cannot_publish", 403)) + 1
        await stage.fault("code", code=number, path=stage.commit_path)
        with pytest.raises(AuthFailed) as raised:
            await stage.commit(done)
        assert raised.value.code == "rest_cannot_publish"
        assert raised.value.advice
        assert await stage.public_posts() == 0


class TestText(TestArticle):
    """A short text without any file."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = WordPressStage(tmp_path)
        stage.variant = replace(stage.variant, body="", text="勤洗手。", cover=None, inline=())
        yield await stage.start()
        await stage.close()


class TestVideo(TestArticle):
    """A video and a gallery; files are uploaded one a step."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = WordPressStage(tmp_path)
        video = stage.folder.file("media/视频.mp4", b"\x00\x00\x00\x18ftypmp42" * 90, "video/mp4")
        pictures = tuple(stage.folder.picture(f"media/{n}.jpg", width=60 + n) for n in range(2))
        stage.variant = replace(stage.variant, video=video, images=pictures)
        yield await stage.start()
        await stage.close()


class TestByHand(AdapterContract):
    """Without a mode, and in mode "feed", a person gets the package."""

    @pytest.fixture(params=["", "feed"])
    async def stage(self, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
        site = Account(
            id="u02-website",
            unit="u02",
            platform="website",
            name="澜汀一院官网",
            verified_name="澜汀区第一人民医院",
            mode=request.param,
        )
        stage = await ByHandStage(tmp_path, site).start()
        yield stage
        await stage.close()

    async def test_a_machine_never_publishes(self, stage: Stage) -> None:
        done = stage.granted(await stage.prepared())
        assert (Path(done.data["package"]) / "发布页.html").is_file()
        with pytest.raises(Rejected):
            await stage.commit(done)


class ByHandStage(HandoffStage):
    """A hand-off made by the platform's own adapter."""

    def of(self, account: Account) -> ByHandStage:
        super().of(account)
        tools = Tools(
            session=self.session,
            clock=self.clock,
            media=self.folder,
            credentials=MemoryCredentials({}),
            out_dir=self.out_dir,
        )
        self.adapter = cast(HandoffAdapter, make(account, tools, {}))
        return self
