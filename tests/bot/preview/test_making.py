"""From files to a page: what is asked for, and what is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import UsageError
from bot.preview.making import Made, Order, make
from bot.settings import Files, Office, Settings
from tests.bot.preview.sample import FOLDER


def made(tmp_path: Path, post: str, *accounts: str, served: bool = False) -> Made:
    settings = Settings(office=Office(schedules=FOLDER), files=Files(preview=tmp_path / "preview"))
    return make(settings, Order(post=post, accounts=frozenset(accounts)), served=served)


def test_a_page_needs_nothing_but_the_files(tmp_path: Path) -> None:
    found = made(tmp_path, "0502-video-cpr")
    assert found.shown is not None
    assert "<video" not in found.html
    assert sorted(path.name for path in tmp_path.iterdir()) == ["preview"]


def test_a_served_page_plays_its_videos(tmp_path: Path) -> None:
    found = made(tmp_path, "0502-video-cpr", served=True)
    assert [video.path for video in found.videos] == ["media/video-01.mp4"]
    assert 'src="/media/media/video-01.mp4"' in found.html


def test_only_the_accounts_asked_for(tmp_path: Path) -> None:
    found = made(tmp_path, "0502-video-cpr", "u01-douyin")
    assert found.shown is not None
    assert [frame.platform for frame in found.shown.frames] == ["douyin"]


@pytest.mark.parametrize(
    ("post", "account", "named"),
    [
        ("0502-video-crp", "u01-douyin", "0502-video-cpr"),
        ("0502-video-cpr", "u01-duoyin", "u01-douyin"),
        ("zzzz", "u01-douyin", "zzzz"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is_near(
    tmp_path: Path, post: str, account: str, named: str
) -> None:
    with pytest.raises(UsageError, match=named):
        made(tmp_path, post, account)
