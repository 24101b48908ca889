"""Several articles in one push, picture messages, and what a post may choose on WeChat."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from adapters.wechat.adapter import Wechat
from adapters.wechat.articles import as_json, gallery_text
from bot.contract import Checkpoint, Pending, Receipt
from bot.domain.post import Article, Media, Method
from bot.errors import OutcomeUnknown, Rejected
from tests.adapters.wechat.stage import WechatStage
from tests.adapters.wechat.test_adapter import drafts


def several(stage: WechatStage, count: int = 2) -> None:
    """Gives the stage's post `count` further articles, each with a cover and a picture."""
    more = []
    for number in range(2, 2 + count):
        picture = stage.folder.picture(f"media/p{number}.png", width=70 + number, height=70)
        more.append(
            Article(
                title=f"第{number}条",
                body=f"第{number}条的正文。\n\n![图]({picture.path})",
                cover=stage.folder.picture(f"media/c{number}.jpg", width=90 + number, height=90),
                link=f"https://jk.lanting.example.gov.cn/{number}",
                inline=(picture,),
            )
        )
    stage.variant = replace(stage.variant, more=tuple(more))


def gallery(stage: WechatStage, count: int = 3) -> None:
    """Makes the stage's post a picture message."""
    pictures = [
        stage.folder.picture(f"media/g{number}.png", width=80 + number, height=80)
        for number in range(count)
    ]
    stage.variant = replace(
        stage.variant, body="", inline=(), cover=None, images=tuple(pictures), text="洗手七步。"
    )


def choose(stage: WechatStage, **options: str) -> None:
    stage.variant = replace(stage.variant, options=options)


async def articles_of_draft(stage: WechatStage, done: Checkpoint) -> list[dict[str, Any]]:
    """The draft as WeChat keeps it."""
    url = f"{stage.url}/wechat/cgi-bin/draft/get"
    token = {"access_token": stage.credentials.fields["access_token"]}
    body = b'{"media_id": "%s"}' % done.data["draft"].encode()
    async with stage.session.post(url, params=token, data=body) as answer:
        items: list[dict[str, Any]] = (await answer.json(content_type=None))["news_item"]
    return items


async def test_several_articles_go_out_as_one_push(stage: WechatStage) -> None:
    several(stage)
    _done, receipt = await stage.published()
    posts = await stage.posts()
    assert [post["title"] for post in posts] == [stage.variant.title, "第2条", "第3条"]
    assert len({post["push"] for post in posts}) == 1
    assert [receipt.platform_id, *(r.platform_id for r in receipt.more)] == [p["id"] for p in posts]
    assert [receipt.url, *(r.url for r in receipt.more)] == [p["url"] for p in posts]
    assert {r.push_id for r in receipt.more} == {receipt.push_id}
    assert posts[1]["source_url"] == "https://jk.lanting.example.gov.cn/2"


async def test_every_article_has_its_own_cover_and_pictures(stage: WechatStage) -> None:
    several(stage)
    stage.variant = replace(stage.variant, label="转载｜来源：健康澜汀", ai_generated=True)
    done = await stage.prepared()
    kept = await articles_of_draft(stage, done)
    assert len({article["thumb_media_id"] for article in kept}) == 3
    assert all(article["content"].count("mmbiz.qpic.cn") == 1 for article in kept)
    assert all("人工智能" in article["content"] for article in kept)
    marked = [stage.variant.marker in article["content"] for article in kept]
    assert marked == [True, False, False], "the 稿号 belongs to the post"
    assert await stage.requests("media/uploadimg") == 3
    assert await stage.requests("material/add_material") == 3


async def test_a_lost_push_of_several_is_found_whole(stage: WechatStage) -> None:
    several(stage)
    done = stage.granted(await stage.prepared())
    await stage.fault("lost_answer", path=stage.commit_path)
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    await stage.forward(timedelta(minutes=2))
    receipt = await stage.look(done)
    assert isinstance(receipt, Receipt)
    posts = await stage.posts()
    assert [receipt.platform_id, *(r.platform_id for r in receipt.more)] == [p["id"] for p in posts]


async def test_a_lost_mass_send_of_several_is_found_whole(stage: WechatStage) -> None:
    several(stage)
    stage.variant = replace(stage.variant, method=Method.PUSH)
    done = stage.granted(await stage.prepared())
    await stage.fault("lost_answer", path="mass/sendall")
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    await stage.forward(timedelta(days=1))
    receipt = await stage.look(done)
    assert isinstance(receipt, Receipt)
    posts = await stage.posts()
    assert [receipt.platform_id, *(r.platform_id for r in receipt.more)] == [p["id"] for p in posts]
    assert all(one.notified for one in receipt.more)


async def test_the_review_names_the_article_it_stopped(stage: WechatStage) -> None:
    several(stage)
    done = stage.granted(await stage.prepared())
    stopped = (await articles_of_draft(stage, done))[1]["content"]
    other = {"platform": "wechat", "account": "other", "appid": "wx02", "secret": "s3cret-2"}
    await stage.control("POST", "accounts", {"accounts": [other]})
    declared = {"platform": "wechat", "account": "other", "text": stopped}
    await stage.control("POST", "original", declared)
    with pytest.raises(Rejected) as raised:
        await stage.settled(done, await stage.commit(done))
    assert raised.value.code == "publish_status:2"
    assert "第2条" in raised.value.message
    assert stage.variant.title not in raised.value.message


async def test_figures_of_every_article(stage: WechatStage) -> None:
    several(stage)
    _, receipt = await stage.published()
    await stage.forward(timedelta(days=1))
    stats = await stage.adapter.stat([receipt])
    assert {stat.platform_id for stat in stats} == {post["id"] for post in await stage.posts()}


@pytest.mark.parametrize(("count", "codes"), [(7, []), (8, ["too-many-articles"])])
def test_eight_articles_at_most(stage: WechatStage, count: int, codes: list[str]) -> None:
    several(stage, count)
    assert [p.code for p in stage.adapter.check(stage.variant, stage.account)] == codes


def test_a_mistake_in_a_further_article_is_found_and_placed(stage: WechatStage) -> None:
    several(stage)
    bad = replace(stage.variant.more[1], cover=None, title="字" * 33)
    stage.variant = replace(stage.variant, more=(stage.variant.more[0], bad))
    problems = stage.adapter.check(stage.variant, stage.account)
    assert [problem.code for problem in problems] == ["title-too-long", "cover-missing"]
    assert all("3" in problem.message for problem in problems)


async def test_pictures_without_an_article_are_a_picture_message(stage: WechatStage) -> None:
    gallery(stage)
    assert stage.adapter.check(stage.variant, stage.account) == []
    _done, receipt = await stage.published()
    (post,) = await stage.posts()
    assert receipt.platform_id == post["id"]
    assert post["text"] == gallery_text(stage.variant)
    assert await stage.requests("material/add_material") == 3
    assert await stage.requests("media/uploadimg") == 0


async def test_a_picture_message_keeps_the_order_of_its_pictures(stage: WechatStage) -> None:
    gallery(stage)
    steps = await stage.checkpoints()
    done = steps[-1].data
    (kept,) = await articles_of_draft(stage, steps[-1])
    uploaded = [done["cover"], *(done[f"material:{m.sha256}"] for m in stage.variant.images[1:])]
    shown = [image["image_media_id"] for image in kept["image_info"]["image_list"]]
    assert shown == uploaded
    assert kept["article_type"] == "newspic"


async def test_a_lost_draft_of_a_picture_message_is_found_again(stage: WechatStage) -> None:
    gallery(stage)
    steps = await stage.checkpoints()
    before_draft = next(step for step in reversed(steps) if "draft" not in step.data)
    again = await stage.adapter.prepare(stage.variant, before_draft)
    assert again.data["draft"] == steps[-1].data["draft"]
    assert len(await drafts(stage)) == 1


async def test_a_picture_message_as_mass_send(stage: WechatStage) -> None:
    gallery(stage)
    stage.variant = replace(stage.variant, method=Method.PUSH)
    _, receipt = await stage.published()
    assert receipt.notified


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": "", "marker": ""}, "text-missing"),
        ({"text": "字" * 1001}, "text-too-long"),
        ({"text": "见 https://jk.lanting.example.gov.cn"}, "text-link"),
        ({"images": 21}, "too-many-pictures"),
        ({"images": "text/plain"}, "picture-type"),
        ({"more": 1}, "gallery-alone"),
    ],
)
def test_limits_of_a_picture_message(
    stage: WechatStage, changes: dict[str, Any], code: str
) -> None:
    gallery(stage)
    picture = stage.variant.images[0]
    made: dict[object, Any] = {
        21: (picture,) * 21,
        "text/plain": (replace(picture, mime="text/plain"),),
        1: (Article(title="二", body="文", cover=picture),),
    }
    changed = {name: made.get(value, value) for name, value in changes.items()}
    variant = replace(stage.variant, **changed)
    assert [p.code for p in stage.adapter.check(variant, stage.account)] == [code]


async def test_twenty_pictures_are_taken(stage: WechatStage) -> None:
    gallery(stage, 20)
    stage.variant = replace(stage.variant, text="字" * 900)
    assert stage.adapter.check(stage.variant, stage.account) == []
    assert (await stage.prepared()).ready


@pytest.mark.parametrize(
    ("choice", "switches"), [("off", (0, 0)), ("all", (1, 0)), ("fans", (1, 1)), (None, (0, 0))]
)
async def test_comments(stage: WechatStage, choice: str | None, switches: tuple[int, int]) -> None:
    if choice:
        choose(stage, comments=choice)
    (kept,) = await articles_of_draft(stage, await stage.prepared())
    assert (kept["need_open_comment"], kept["only_fans_can_comment"]) == switches


async def test_an_account_has_its_own_way_with_comments(stage: WechatStage) -> None:
    stage.account = replace(stage.account, options={"comments": "fans"})
    other = stage.another_adapter()
    assert isinstance(other, Wechat)
    stage.adapter = other
    (kept,) = await articles_of_draft(stage, await stage.prepared())
    assert kept["only_fans_can_comment"] == 1
    choose(stage, comments="off")
    (kept,) = await articles_of_draft(stage, await stage.prepared())
    assert kept["need_open_comment"] == 0


async def test_an_account_without_comments_is_told_so(stage: WechatStage) -> None:
    choose(stage, comments="all")
    known = {"platform": "wechat", "account": stage.account.id, "comments": False}
    await stage.control("POST", "accounts", {"accounts": [known]})
    with pytest.raises(Rejected) as raised:
        await stage.prepared()
    assert raised.value.code == "88000"
    assert "need_open_comment" in raised.value.advice


@pytest.mark.parametrize(
    ("size", "place", "wide", "square"),
    [
        ((900, 383), "center", (0.0, 0.0, 1.0, 1.0), None),
        ((100, 100), "top", (0.0, 0.0, 1.0, 0.426), (0.0, 0.0, 1.0, 1.0)),
        ((100, 100), "bottom", (0.0, 0.574, 1.0, 1.0), (0.0, 0.0, 1.0, 1.0)),
        ((400, 100), "center", (0.206, 0.0, 0.794, 1.0), (0.375, 0.0, 0.625, 1.0)),
    ],
)
async def test_the_cover_is_cut_where_the_post_says(
    stage: WechatStage,
    size: tuple[int, int],
    place: str,
    wide: tuple[float, ...],
    square: tuple[float, ...] | None,
) -> None:
    cover = stage.folder.picture("media/cover.jpg", width=size[0], height=size[1])
    stage.variant = replace(stage.variant, cover=cover)
    choose(stage, crop=place, crop_square=place)
    sent = await sent_article(stage)
    assert corners(sent["pic_crop_235_1"]) == pytest.approx(wide, abs=0.001)
    if square:
        assert corners(sent["pic_crop_1_1"]) == pytest.approx(square, abs=0.001)


def corners(text: str) -> list[float]:
    assert all(len(number.partition(".")[2]) <= 6 for number in text.split("_"))
    return [float(number) for number in text.split("_")]


async def sent_article(stage: WechatStage) -> dict[str, Any]:
    """The article as it was sent, once the platform has taken it."""
    done = await stage.prepared()
    urls = {k.removeprefix("image:"): v for k, v in done.data.items() if k.startswith("image:")}
    return dict(as_json(stage.variant, urls, [done.data["cover"]], {})[0])


async def test_four_fractions_cut_the_cover(stage: WechatStage) -> None:
    choose(stage, crop="0_0.1_1_0.5")
    assert (await sent_article(stage))["pic_crop_235_1"] == "0_0.1_1_0.5"


async def test_the_cut_of_a_picture_message(stage: WechatStage) -> None:
    gallery(stage)
    choose(stage, crop="top", crop_square="0_0_1_0.5")
    sent = await sent_article_of_gallery(stage)
    ratios = [crop["ratio"] for crop in sent["cover_info"]["crop_percent_list"]]
    assert ratios == ["2.35_1", "1_1"]
    assert sent["cover_info"]["crop_percent_list"][1]["y2"] == "0.5"


async def sent_article_of_gallery(stage: WechatStage) -> dict[str, Any]:
    await stage.prepared()
    return dict(as_json(stage.variant, {}, ["m1", "m2", "m3"], {})[0])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"coments": "off"}, "option-unknown"),
        ({"comments": "yes"}, "option-value"),
        ({"crop": "left"}, "option-value"),
        ({"crop": "0_0_1_1.5"}, "option-value"),
        ({"crop": "0_0.9_1_0.1"}, "option-value"),
        ({"crop_square": "0_0_1"}, "option-value"),
    ],
)
def test_unknown_options_are_problems(
    stage: WechatStage, options: dict[str, str], code: str
) -> None:
    choose(stage, **options)
    assert [p.code for p in stage.adapter.check(stage.variant, stage.account)] == [code]


def test_an_account_with_a_wrong_option_is_a_problem(stage: WechatStage) -> None:
    stage.account = replace(stage.account, options={"comments": "maybe"})
    (problem,) = stage.adapter.check(stage.variant, stage.account)
    assert "maybe" in problem.message


async def test_a_cover_of_another_type_is_converted(stage: WechatStage) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (120, 90), "teal").save(buffer, "WEBP")
    cover: Media = stage.folder.file("media/cover.webp", buffer.getvalue(), "image/webp")
    stage.variant = replace(stage.variant, cover=cover)
    assert stage.adapter.check(stage.variant, stage.account) == []
    assert isinstance(await stage.commit(stage.granted(await stage.prepared())), Pending)
