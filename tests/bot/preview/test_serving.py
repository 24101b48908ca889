"""The served preview: real HTTP, this machine only, no file but the page's own videos."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.preview.making import Order
from bot.preview.serving import serving
from bot.settings import Files, Office, Settings
from tests.bot.preview.sample import FOLDER

VIDEO = "media/video-01.mp4"


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    settings = Settings(office=Office(schedules=FOLDER), files=Files(preview=tmp_path))
    async with serving(settings, Order(post="0502-video-cpr"), port=0) as found:
        yield found


async def status(url: str, **headers: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        await answer.read()
        return answer.status


async def test_its_video_is_played_from_it(address: str) -> None:
    assert await status(f"{address}media/{VIDEO}") == 404, "nothing has been shown yet"
    async with aiohttp.ClientSession() as session:
        async with session.get(address) as page:
            assert f'src="/media/{VIDEO}"' in await page.text()
        part = {"Range": "bytes=0-99"}
        async with session.get(f"{address}media/{VIDEO}", headers=part) as answer:
            assert (answer.status, answer.content_type) == (206, "video/mp4")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert await answer.read() == (FOLDER / VIDEO).read_bytes()[:100]


@pytest.mark.parametrize(
    "path", ["roster.yaml", "media/cover-01.jpg", "../pyproject.toml", "%2e%2e/pyproject.toml"]
)
async def test_no_other_file_is(address: str, path: str) -> None:
    assert await status(address) == 200
    assert await status(f"{address}media/{path}") == 404


async def test_a_foreign_name_is_refused(address: str) -> None:
    """A page elsewhere may make its own name lead here; the browser then sends that name."""
    assert await status(address, Host="evil.example") == 403
    assert await status(address, Host="localhost:1") == 200
