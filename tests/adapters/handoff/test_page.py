"""发布页.html: whole, safe, in the platform's order, and working from the folder it lies in."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from selectolax.lexbor import LexborHTMLParser

from adapters.handoff.covers import cut
from adapters.handoff.limits import LIMITS
from adapters.registry import adapter_for, platforms
from bot.domain.post import Article, Kind
from bot.errors import MediaError
from tests.adapters.handoff.stage import ACCOUNT, HandoffStage

EVIL = "</textarea><script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"


@pytest.fixture
async def article(tmp_path: Path) -> AsyncIterator[HandoffStage]:
    """A reprint for 头条号 with a picture in its text."""
    stage = HandoffStage(tmp_path, replace(ACCOUNT, id="u02-toutiao", platform="toutiao"))
    stage.variant = replace(
        stage.variant,
        kind=Kind.REPRINT,
        body="## 为什么\n\n![步骤](media/steps.png)\n\n| 甲 |\n| --- |\n| 乙 |\n",
        text="",
        digest="学会七步洗手法。",
        label="【转载】来源：健康澜汀",
        video=None,
        inline=(stage.folder.picture("media/steps.png"),),
    )
    yield await stage.start()
    await stage.close()


async def shown(stage: HandoffStage) -> LexborHTMLParser:
    """The page, parsed as a browser would."""
    return LexborHTMLParser(((await stage.package()) / "发布页.html").read_text(encoding="utf-8"))


def fields(page: LexborHTMLParser) -> dict[str, str]:
    """What can be copied as plain text, by the name a screen reader says."""
    return {
        str(area.attributes.get("aria-label")): area.text().removeprefix("\n")
        for area in page.css("textarea")
    }


async def test_every_field_is_there_word_for_word(stage: HandoffStage) -> None:
    stage.variant = replace(stage.variant, text="一行\n\n二行 #急救", title="胸外按压这样做")
    found = fields(await shown(stage))
    assert found["短标题"] == "胸外按压这样做"
    assert found["描述"] == "一行\n\n二行"
    assert found["急救"] == "急救"
    assert found["链接"] == stage.variant.link
    assert list(found)[:3] == ["描述", "急救", "短标题"]  # as on the platform's own page


async def test_each_button_copies_something_that_is_there(article: HandoffStage) -> None:
    page = await shown(article)
    targets = [str(button.attributes["data-of"]) for button in page.css("button")]
    assert len(targets) >= 4
    assert all(page.css_first(f"#{target}") is not None for target in targets)
    assert len(set(targets)) == len(targets)


async def test_nothing_of_a_post_becomes_code(stage: HandoffStage) -> None:
    stage.variant = replace(
        stage.variant, title=EVIL, text=EVIL, digest=EVIL, author=EVIL, body=EVIL, label=EVIL
    )
    page = await shown(stage.of(replace(ACCOUNT, name=EVIL, verified_name=EVIL, platform="zhihu")))
    assert len(page.css("script")) == 1
    assert page.css("[onerror]") == []
    assert fields(page)["标题"] == EVIL


async def test_it_needs_nothing_but_the_files_beside_it(article: HandoffStage) -> None:
    folder = await article.package()
    page = await shown(article)
    for node in page.css("[src]"):
        assert (folder / str(node.attributes["src"])).is_file()
    assert page.css("link") == []
    policy = page.css_first("meta[http-equiv]")
    assert policy is not None
    assert "default-src 'none'" in str(policy.attributes["content"])


async def test_the_article_keeps_its_form_and_its_label(article: HandoffStage) -> None:
    page = await shown(article)
    body = page.css_first(".body")
    assert body is not None
    assert body.css("table")
    assert body.css("img[src='inline-01.png']")
    assert page.body is not None
    assert "依次插入 inline-01.png" in page.body.text()
    assert body.text(strip=True).startswith("【转载】来源：健康澜汀")


async def test_lists_of_an_article_keep_their_numbers(article: HandoffStage) -> None:
    """What is copied with its form takes the page's own style along."""
    article.variant = replace(article.variant, body="1. 甲\n2. 乙\n", text="短文案")
    page = await shown(article)
    style = page.css_first("style")
    assert style is not None
    assert len(page.css(".body ol > li")) == 2
    assert re.findall(r"([^{}]*)\{[^{}]*list-style:none", style.text()) == [".checks li"]
    assert "短文案" not in fields(page).values()  # the article goes out, and nothing beside it


async def test_further_articles_of_a_push_come_along(article: HandoffStage) -> None:
    cover = article.folder.picture("media/二.jpg", width=70)
    inline = article.folder.picture("media/三.png", width=71)
    second = Article(title="第二条", body="![](media/三.png)", cover=cover, inline=(inline,))
    article.variant = replace(article.variant, more=(second,))
    folder = await article.of(replace(ACCOUNT, platform="wechat")).package()
    assert {"body-2.html", "body-2.md", "cover-of-2.jpg", "inline-02.png"} <= {
        path.name for path in folder.iterdir()
    }
    page = await shown(article)
    assert fields(page)["第2篇 标题"] == "第二条"
    assert [len(body.css("img")) for body in page.css(".body")] == [1, 1]
    assert page.css(".body")[1].css("img[src='inline-02.png']")


async def test_a_text_that_is_too_long_is_marked(stage: HandoffStage) -> None:
    stage.variant = replace(stage.variant, text="字" * 1001)
    over = [node.text() for node in (await shown(stage)).css(".over")]
    assert over == ["1001 / 1000 字"]


async def test_it_says_where_to_publish_and_where_to_report(stage: HandoffStage) -> None:
    page = await shown(stage)
    assert page.css("a[href='https://channels.weixin.qq.com/platform/post/create']")
    assert fields(page)["命令"] == ("bot publications confirm 0502-video-cpr@u02-channels --url ")
    boxes = page.css("input[type=checkbox]")
    listed = ((await stage.package()) / "核对清单.txt").read_text(encoding="utf-8")
    assert len(boxes) == len(listed.splitlines())


async def test_the_cover_is_cut_to_the_forms_the_platform_shows(stage: HandoffStage) -> None:
    stage.variant = replace(
        stage.variant, cover=stage.folder.picture("media/封面.jpg", width=1920, height=1080)
    )
    folder = await stage.package()
    for name, size in (("cover-3x4.jpg", (810, 1080)), ("cover-4x3.jpg", (1440, 1080))):
        with Image.open(folder / name) as picture:
            assert picture.size == size
    before = (folder / "cover-3x4.jpg").stat().st_mtime_ns
    assert (await stage.package() / "cover-3x4.jpg").stat().st_mtime_ns == before


async def test_a_broken_cover_is_a_media_error(stage: HandoffStage) -> None:
    cover = stage.folder.file("media/封面.jpg", b"\xff\xd8\xff no picture", "image/jpeg")
    stage.variant = replace(stage.variant, cover=cover)
    with pytest.raises(MediaError, match="封面"):
        await stage.package()


def test_a_turned_picture_is_cut_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (400, 300), "red")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    path = tmp_path / "x.jpg"
    image.save(path, exif=exif)
    media = HandoffStage(tmp_path).folder.file("y.jpg", path.read_bytes(), "image/jpeg")
    assert Image.open(io.BytesIO(cut(media, path, (3, 4)))).size == (300, 400)


@pytest.mark.parametrize("platform", sorted(LIMITS))
async def test_every_platform_gets_a_whole_package(tmp_path: Path, platform: str) -> None:
    stage = await HandoffStage(tmp_path, replace(ACCOUNT, platform=platform)).start()
    found = fields(await shown(stage))
    assert stage.variant.link in found.values()
    assert any("双手重叠" in text for text in found.values())
    assert all(re.search(r"\S", text) for text in found.values())
    await stage.close()


def test_limits_name_platforms_that_exist() -> None:
    assert set(LIMITS) - {"baijiahao"} <= set(platforms()) | {"baijiahao"}
    by_hand = {name for name in platforms() if adapter_for(name).name == "handoff"}
    assert by_hand <= set(LIMITS)
