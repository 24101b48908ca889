"""The officer's way: a package with a QR code, the person's phone, and the event afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest

from adapters.douyin.h5 import PAGE, QR
from bot.contract import Call, Checkpoint, Knows, Pending, Receipt
from bot.errors import AuthFailed, MediaError, Rejected, Unavailable
from tests.adapters.douyin.stage import ACCESS, DouyinStage

MEDIA = "https://media.lanting.example"
HOOK = "https://bot.lanting.example/hooks/douyin"


@pytest.fixture
def phone(stage: DouyinStage) -> DouyinStage:
    """An account nobody has authorised, of the office's application."""
    stage.with_office()
    stage.in_mode("handoff_h5", share_media_url=MEDIA)
    return stage


def page_of(done: Checkpoint) -> str:
    return (Path(done.data["package"]) / PAGE).read_text(encoding="utf-8")


async def test_the_package_is_the_usual_one_with_a_code(phone: DouyinStage) -> None:
    done = await phone.prepared()
    names = {path.name for path in Path(done.data["package"]).iterdir()}
    assert names >= {
        PAGE,
        QR,
        "video.mp4",
        "cover.jpg",
        "文案.txt",
        "核对清单.txt",
        "manifest.json",
    }
    page = page_of(done)
    code = ElementTree.parse(Path(done.data["package"]) / QR).getroot()
    assert code.tag == "{http://www.w3.org/2000/svg}svg"
    assert "<svg" in page
    assert unescape(page).count(done.data["link"]) == 1
    assert "2026年05月06日 12:00" in page  # the ticket's two hours, in Beijing
    assert "<script" not in page
    assert not phone.adapter.capabilities.publishes


async def test_the_person_publishes_what_was_prepared(phone: DouyinStage) -> None:
    done = await phone.prepared()
    assert (await phone.scan(done.data["link"]))["shown"] == ""
    post = await only(phone)
    assert post["text"] == phone.variant.text
    assert post["via"] == "h5"


async def only(stage: DouyinStage) -> Mapping[str, object]:
    """The one work of the account, public or not."""
    found = (await stage.control("GET", "posts?platform=douyin"))["posts"]
    assert len(found) == 1
    post: Mapping[str, object] = found[0]
    return post


async def test_pictures_open_too(phone: DouyinStage) -> None:
    pictures = tuple(phone.folder.picture(f"media/{n}.png") for n in "12")
    phone.variant = replace(phone.variant, video=None, images=pictures)
    done = await phone.prepared()
    assert (await phone.scan(done.data["link"]))["opened"]
    assert (await only(phone))["kind"] == "image_text"


async def test_a_link_ends_with_its_ticket_and_is_renewed(phone: DouyinStage) -> None:
    done = await phone.prepared()
    await phone.forward(timedelta(hours=2))
    assert (await phone.scan(done.data["link"]))["shown"] == "verify signature fail"
    again = await phone.adapter.prepare(phone.variant, done)
    assert again.data["share_id"] == done.data["share_id"]
    assert (await phone.scan(again.data["link"]))["opened"]
    assert again.data["link"] in unescape(page_of(again))


async def test_repeated_it_costs_nothing(phone: DouyinStage) -> None:
    done = await phone.prepared()
    assert await phone.adapter.prepare(phone.variant, done) == done
    assert await phone.requests("share-id/") == 1
    assert await phone.requests("getticket/") == 1
    assert await phone.requests("client_token/") == 1


async def test_another_text_gives_another_link(phone: DouyinStage) -> None:
    done = await phone.prepared()
    other = await phone.adapter.prepare(replace(phone.variant, text="另一段文案"), done)
    assert other.data["share_id"] == done.data["share_id"]
    await phone.scan(other.data["link"])
    assert (await only(phone))["text"] == "另一段文案"


async def test_a_caption_too_long_for_a_code_is_left_to_the_person(phone: DouyinStage) -> None:
    phone.variant = replace(phone.variant, text="字" * 500)
    done = await phone.prepared()
    assert len(done.data["link"].encode()) < 1000
    assert "字" * 500 in page_of(done)
    await phone.scan(done.data["link"])
    assert (await only(phone))["text"] == ""


async def test_a_short_link_of_the_platform(phone: DouyinStage) -> None:
    phone.in_mode("handoff_h5", share_media_url=MEDIA, share_short_link=True)
    done = await phone.prepared()
    assert len(done.data["link"]) < 100
    await phone.scan(done.data["link"])
    assert (await only(phone))["text"] == phone.variant.text


async def test_a_code_of_ours_never_ends(phone: DouyinStage) -> None:
    """The code holds an address of the bot, which signs a new link at each scan."""
    phone.in_mode("handoff_h5", share_media_url=MEDIA, share_page_url=HOOK)
    done = await phone.prepared()
    assert done.data["link"].startswith(f"{HOOK}/u01-douyin?share=")
    assert "长期有效" in page_of(done)
    await phone.forward(timedelta(days=3))
    share = done.data["link"].partition("share=")[2]
    call = Call(method="GET", query={"share": share}, headers={}, body=b"")
    heard = await phone.desk().hear(call, phone.credentials)
    assert heard.content_type == "text/html"
    found = re.search(r'href="(snssdk1128:[^"]+)"', heard.body)
    assert found is not None
    assert (await phone.scan(unescape(found[1])))["opened"]
    assert (await only(phone))["text"] == phone.variant.text


async def test_the_event_says_which_work_it_became(phone: DouyinStage) -> None:
    done = await phone.prepared()
    assert await phone.look(done) is None
    hint = {
        "share_id": done.data["share_id"],
        "item_id": "@it==",
        "video_id": "7300000000000000001",
    }
    receipt = await phone.look(done, Pending(ref=hint))
    assert receipt == Receipt(
        platform_id="@it==",
        url="https://www.douyin.com/video/7300000000000000001",
        published_at=phone.clock.now(),
    )


async def test_an_authorised_account_is_looked_at(stage: DouyinStage) -> None:
    """Where the owner has authorised us, the review decides, not the event alone."""
    stage.in_mode("handoff_h5", share_media_url=MEDIA)
    done = await stage.prepared()
    shown = await stage.scan(done.data["link"])
    hint = Pending(ref={"item_id": str(shown["id"]), "video_id": ""})
    pending = await stage.look(done, hint)
    assert isinstance(pending, Pending)
    assert isinstance(await stage.settled(done, pending), Receipt)


@pytest.mark.parametrize("trouble", ["scope", "ended"])
async def test_an_authorisation_that_helps_no_more_stops_nobody(
    stage: DouyinStage, trouble: str
) -> None:
    """It is optional in this mode: then the signed event is enough, as it is without one."""
    stage.in_mode("handoff_h5", share_media_url=MEDIA)
    done = await stage.prepared()
    shown = await stage.scan(done.data["link"])
    if trouble == "scope":
        await stage.account_is(scopes="user_info")
    else:
        await stage.forward(timedelta(days=31))
    hint = {"item_id": str(shown["id"]), "video_id": "7300000000000000001"}
    assert isinstance(await stage.look(done, Pending(ref=hint)), Receipt)


async def test_where_the_app_still_owns_the_list_it_reads(lister: DouyinStage) -> None:
    lister.in_mode("handoff_h5", share_media_url=MEDIA)
    done = await lister.prepared()
    await lister.scan(done.data["link"])
    await lister.forward(timedelta(minutes=10))
    since = lister.clock.now() - timedelta(days=1)
    assert [item.text async for item in lister.adapter.recent(since)] == [lister.variant.text]


async def test_without_the_list_it_reads_nothing(phone: DouyinStage) -> None:
    since = phone.clock.now() - timedelta(days=1)
    assert [item async for item in phone.adapter.recent(since)] == []


async def test_a_machine_never_publishes(phone: DouyinStage) -> None:
    done = phone.granted(await phone.prepared())
    with pytest.raises(Rejected):
        await phone.commit(done)


async def test_a_missing_public_address_is_named(phone: DouyinStage) -> None:
    phone.in_mode("handoff_h5")
    with pytest.raises(AuthFailed, match="获取") as raised:
        await phone.prepared()
    assert "share_media_url" in raised.value.advice


async def test_without_an_application_a_person_must_act(phone: DouyinStage) -> None:
    phone.office = None
    phone.in_mode("handoff_h5", share_media_url=MEDIA)
    with pytest.raises(AuthFailed) as raised:
        await phone.prepared()
    assert "@douyin" in raised.value.advice


@pytest.mark.parametrize("scope", ["aweme.share", "open.get.ticket"])
async def test_a_permission_the_app_lacks_is_told(phone: DouyinStage, scope: str) -> None:
    held = {"user_info", "aweme.share", "open.get.ticket", "h5.share"} - {scope}
    await phone.account_is(app_scopes=",".join(held))
    with pytest.raises(AuthFailed) as raised:
        await phone.prepared()
    assert raised.value.code == "28001018"
    assert raised.value.advice


async def test_a_file_changed_since_it_was_planned_stops_it(phone: DouyinStage) -> None:
    assert phone.variant.video is not None
    phone.folder.path(phone.variant.video).write_bytes(b"another film altogether")
    with pytest.raises(MediaError):
        await phone.prepared()


async def test_a_client_token_somebody_else_replaced_is_fetched_anew(phone: DouyinStage) -> None:
    await phone.prepared()
    form = {
        "client_key": "ck01",
        "client_secret": "cs01-secret",
        "grant_type": "client_credential",
    }
    async with phone.session.post(f"{phone.url}/douyin/oauth/client_token/", data=form) as answer:
        assert answer.status == 200
    await phone.forward(timedelta(minutes=6))
    assert (await phone.prepared()).ready
    assert await phone.requests("client_token/") == 3


async def test_two_workers_share_one_client_token(phone: DouyinStage) -> None:
    await phone.prepared()
    phone.in_mode("handoff_h5", share_media_url=MEDIA)
    await phone.prepared()
    assert await phone.requests("client_token/") == 1
    assert phone.office is not None
    assert phone.office.fields["client_secret"] == "cs01-secret"


async def test_an_account_with_an_application_of_its_own_keeps_it(stage: DouyinStage) -> None:
    """Its tokens were made for that application; the office's would be refused (10014)."""
    fields = dict(stage.credentials.fields)
    stage.with_office(**fields)
    assert stage.office is not None
    stage.office.fields = {"client_key": "other", "client_secret": "other"}
    stage.in_mode("handoff_h5", share_media_url=MEDIA)
    done = await stage.prepared()
    assert "client_key=ck01" in done.data["link"]
    assert stage.credentials.fields == fields


async def test_no_platform_no_package(phone: DouyinStage) -> None:
    await phone.unplug()
    with pytest.raises(Unavailable):
        await phone.prepared()


async def test_the_account_is_known_once_it_is_connected(stage: DouyinStage) -> None:
    adapter = stage.in_mode("handoff_h5", share_media_url=MEDIA)
    await stage.account_is(nickname="健康澜汀")
    assert isinstance(adapter, Knows)
    assert (await adapter.profile()).name == "健康澜汀"
    assert ACCESS not in str(await adapter.profile())
