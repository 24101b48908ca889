"""The package: complete or absent, the same when made again, and fit to be pasted."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.handoff.text import topics, without_topics
from bot.domain.post import Kind
from bot.domain.publication import publication_key
from bot.errors import MediaError
from tests.adapters.handoff.stage import ACCOUNT, HandoffStage

BODY = """## 为什么要洗手

![七步洗手法](media/steps.png) 与 ![再看一次](../media/steps.png)

<script>alert(1)</script>

| 步骤 | 时间 |
| --- | --- |
| 揉搓 | 20 秒 |
"""
LABEL = "【转载】来源：健康澜汀，稿号 HT-20260512-nurses"


@pytest.fixture
async def article(tmp_path: Path) -> AsyncIterator[HandoffStage]:
    """An article for a unit's website, as a reprint."""
    website = replace(ACCOUNT, id="u02-website", platform="website", name="澜汀一院官网")
    stage = HandoffStage(tmp_path, website)
    stage.variant = replace(
        stage.variant,
        kind=Kind.REPRINT,
        body=BODY,
        text="",
        digest="学会七步洗手法。",
        label=LABEL,
        video=None,
        inline=(stage.folder.picture("media/steps.png"),),
    )
    yield await stage.start()
    await stage.close()


def manifest(package: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((package / "manifest.json").read_text(encoding="utf-8"))
    return found


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()}


async def test_the_folder_is_named_after_post_and_account(stage: HandoffStage) -> None:
    package = await stage.package()
    assert package == stage.out_dir / "0502-video-cpr@u02-channels"
    assert sorted(p.name for p in package.iterdir()) == [
        "cover-3x4.jpg",
        "cover-4x3.jpg",
        "cover.jpg",
        "manifest.json",
        "video.mp4",
        "发布页.html",
        "文案.txt",
        "核对清单.txt",
    ]
    assert stat.S_IMODE(package.stat().st_mode) == 0o755


async def test_the_manifest_names_everything(stage: HandoffStage) -> None:
    told = manifest(await stage.package())
    assert told["package_id"] == publication_key("0502-video-cpr", "u02-channels")
    assert (told["account_name"], told["platform"]) == ("澜汀一院", "channels")
    assert told["topics"] == ["急救", "心肺复苏"]
    assert told["original"] is True
    assert told["ai_label"] is False
    assert told["marker"] == "HT-20260502-cpr"
    files = {medium["file"]: medium for medium in told["media"]}
    assert files["video.mp4"]["duration_s"] == 42.0


async def test_each_file_is_the_planned_one_under_an_ascii_name(stage: HandoffStage) -> None:
    package = await stage.package()
    for medium in manifest(package)["media"]:
        data = (package / medium["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == medium["sha256"]
        assert medium["file"].isascii()


async def test_the_texts_are_blocks_with_topics_apart(stage: HandoffStage) -> None:
    text = ((await stage.package()) / "文案.txt").read_text(encoding="utf-8")
    assert "【短标题】\n胸外按压这样做\n" in text
    assert "【描述】\n双手重叠，按在胸骨下半段。\n" in text
    assert "急救\n心肺复苏\n" in text
    assert "#急救" not in text
    assert "【链接】\nhttps://jk.lanting.example/0502\n" in text


async def test_kuaishou_keeps_topics_in_the_caption(tmp_path: Path) -> None:
    stage = await HandoffStage(tmp_path, replace(ACCOUNT, platform="kuaishou")).start()
    text = ((await stage.package()) / "文案.txt").read_text(encoding="utf-8")
    assert "#急救 #心肺复苏" in text
    await stage.close()


async def test_the_checklist_is_chinese_and_names_the_account(stage: HandoffStage) -> None:
    stage.variant = replace(stage.variant, kind=Kind.REPRINT, label=LABEL, ai_generated=True)
    package = await stage.package()
    lines = (package / "核对清单.txt").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("□ ") for line in lines)
    whole = "\n".join(lines)
    for words in ("澜汀一院", "6–16字", "不勾选“原创”", "AI生成内容声明", "填回系统"):
        assert words in whole
    assert LABEL in (package / "文案.txt").read_text(encoding="utf-8")


async def test_the_article_points_at_the_pictures_of_the_package(article: HandoffStage) -> None:
    package = await article.package()
    html = (package / "body.html").read_text(encoding="utf-8")
    assert html.count('src="inline-01.png"') == 2
    assert (package / "inline-01.png").exists()
    assert "media/" not in (package / "body.md").read_text(encoding="utf-8")


async def test_the_article_is_plain_and_carries_the_label(article: HandoffStage) -> None:
    html = ((await article.package()) / "body.html").read_text(encoding="utf-8")
    assert LABEL in html
    assert "<table>" in html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


async def test_made_again_it_is_the_same_and_untouched(stage: HandoffStage) -> None:
    first = snapshot(await stage.package())
    assert snapshot(await stage.package()) == first
    assert [p.name for p in stage.out_dir.iterdir()] == ["0502-video-cpr@u02-channels"]


async def test_a_changed_post_replaces_the_package(stage: HandoffStage) -> None:
    await stage.package()
    stage.variant = replace(stage.variant, text="新的文案", cover=None)
    package = await stage.package()
    assert "新的文案" in (package / "文案.txt").read_text(encoding="utf-8")
    assert not (package / "cover.jpg").exists()
    assert len(list(stage.out_dir.iterdir())) == 1


async def test_a_damaged_package_is_made_again(stage: HandoffStage) -> None:
    package = await stage.package()
    (package / "video.mp4").unlink()
    (package / "文案.txt").write_text("改过", encoding="utf-8")
    assert (await stage.package() / "video.mp4").exists()
    assert "改过" not in (package / "文案.txt").read_text(encoding="utf-8")


async def test_a_file_that_changed_leaves_no_package(stage: HandoffStage) -> None:
    (stage.folder.root / "media/视频.mp4").write_bytes(b"another video")
    with pytest.raises(MediaError, match=r"视频\.mp4"):
        await stage.package()
    assert list(stage.out_dir.iterdir()) == []


async def test_a_file_that_is_gone_is_a_media_error(stage: HandoffStage) -> None:
    (stage.folder.root / "media/视频.mp4").unlink()
    with pytest.raises(MediaError):
        await stage.package()
    assert list(stage.out_dir.iterdir()) == []


async def test_a_killed_writer_leaves_nothing_behind(stage: HandoffStage) -> None:
    left = stage.out_dir / ".0502-video-cpr@u02-channels.abc"
    left.mkdir(parents=True)
    (left / "video.mp4").write_bytes(b"half")
    await stage.package()
    assert not left.exists()


async def test_a_folder_that_cannot_be_written_is_a_plain_error(stage: HandoffStage) -> None:
    stage.out_dir.write_text("a file stands where the folder should be")
    with pytest.raises(MediaError):
        await stage.package()


async def test_names_never_leave_the_folder(stage: HandoffStage) -> None:
    stage.variant = replace(stage.variant, post="../../etc/x")
    package = await stage.package()
    assert package.parent == stage.out_dir


@pytest.mark.parametrize(
    ("text", "expected", "rest"),
    [
        ("洗手 #手卫生 #健康", ["手卫生", "健康"], "洗手"),
        ("#手卫生# 洗手。", ["手卫生"], "洗手。"),
        ("#同一 #同一", ["同一"], ""),
        ("看 https://a.example/#rd 吧", [], "看 https://a.example/#rd 吧"),
        ("一行 #话题\n二行", ["话题"], "一行\n二行"),
        ("没有", [], "没有"),
    ],
)
def test_topics_are_taken_out_of_the_text(text: str, expected: list[str], rest: str) -> None:
    assert topics(text) == expected
    assert without_topics(text) == rest
