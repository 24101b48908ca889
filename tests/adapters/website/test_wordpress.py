"""WordPress: slugs, drafts, media, what people do on the site meanwhile, and withdrawal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.website.wordpress import WordPress
from adapters.website.wp_api import Credential
from bot.contract import Checkpoint, Item, Knows, Receipt, Withdraws
from bot.domain.post import Article, Kind, Variant
from bot.domain.problem import Severity, has_errors
from bot.domain.publication import publication_key
from bot.errors import AuthFailed, Gone, Rejected, Unavailable
from tests.adapters.website.stage import PASSWORD, USER, WordPressStage

HEADERS = Credential(user=USER, password=PASSWORD).headers()
LABEL = "【转载】来源：健康澜汀 & 稿号 HT-20260512-nurses"


async def shown(stage: WordPressStage) -> list[Item]:
    since = stage.clock.now() - timedelta(days=2)
    return [item async for item in stage.adapter.recent(since)]


async def test_the_page_has_label_pictures_table_and_link(stage: WordPressStage) -> None:
    stage.variant = replace(stage.variant, kind=Kind.REPRINT, label=LABEL)
    await stage.published()
    [post] = await stage.posts()
    html = post["text"]
    assert "健康澜汀 &amp; 稿号 HT-20260512-nurses" in html.split("为什么要洗手")[0]
    assert "<table>" in html
    assert html.count("<img") == 1
    assert f"{stage.url}/website/u02-website/wp-content/uploads/" in html
    assert "media/steps.png" not in html
    assert f'<a href="{stage.variant.link}">' in html


async def test_the_address_is_readable_and_the_publications_own(stage: WordPressStage) -> None:
    _, receipt = await stage.published()
    key = publication_key(stage.variant.post, stage.account.id)
    assert receipt.url.endswith(f"/ht-20260506-hand-{key[:8].lower()}/")
    [item] = await shown(stage)
    assert (item.url, item.title) == (receipt.url, stage.variant.title)
    assert "揉搓" in item.text


async def test_a_site_with_plain_addresses_has_its_interface_elsewhere(
    stage: WordPressStage,
) -> None:
    options = {**stage.account.options, "permalinks": "plain"}
    stage.account = replace(stage.account, options=options)
    found = stage.another_adapter()
    assert isinstance(found, WordPress)
    stage.adapter = found
    done, receipt = await stage.published()
    assert isinstance(await stage.look(done), Receipt)
    assert [item.platform_id for item in await shown(stage)] == [receipt.platform_id]
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0
    made = await stage.control("GET", "requests")
    assert not [path for path in made["by_path"] if "wp-json" in path]


async def test_files_are_uploaded_once_even_when_prepare_starts_again(
    stage: WordPressStage,
) -> None:
    steps = await stage.checkpoints()
    for done in steps[2:]:
        await stage.adapter.prepare(stage.variant, done)
    assert await stage.requests("/media") == 2


async def test_a_lost_checkpoint_leads_to_the_same_draft(stage: WordPressStage) -> None:
    first = await stage.prepared()
    stage.variant = replace(stage.variant, title="改过的标题")
    again = await stage.prepared()
    assert again.data["post_id"] == first.data["post_id"]
    await stage.published()
    [post] = await stage.posts()
    assert post["title"] == "改过的标题"


async def test_a_published_post_is_not_written_over(stage: WordPressStage) -> None:
    _, receipt = await stage.published()
    stage.variant = replace(stage.variant, title="另一个标题")
    done = stage.granted(await stage.prepared())
    again = await stage.commit(done)
    assert isinstance(again, Receipt)
    assert again.platform_id == receipt.platform_id
    [post] = await stage.posts()
    assert post["title"] == "手卫生，从七步洗手法开始"


async def test_a_twin_made_meanwhile_stops_it(stage: WordPressStage) -> None:
    """Two workers race: the site names the second draft …-2 and says nothing."""
    outcomes = await asyncio.gather(
        stage.prepared(), stage.prepared(), stage.prepared(), return_exceptions=True
    )
    ready = [one for one in outcomes if isinstance(one, Checkpoint)]
    lost = [one for one in outcomes if not isinstance(one, Checkpoint)]
    assert len({done.data["post_id"] for done in ready}) == 1
    assert all(isinstance(one, Unavailable) and "ht-20260506" in str(one) for one in lost)
    assert await stage.public_posts() == 0


async def test_a_slug_a_person_took_is_adopted_only_when_it_is_public(
    stage: WordPressStage,
) -> None:
    key = publication_key(stage.variant.post, stage.account.id)
    made = await stage.console("已手工发布", slug=f"ht-20260506-hand-{key[:8]}")
    assert (await stage.prepared()).data["post_id"] == made
    [post] = await stage.posts()
    assert post["title"] == "已手工发布"


async def test_a_draft_in_the_trash_is_gone(stage: WordPressStage) -> None:
    done, receipt = await stage.published()
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0
    with pytest.raises(Gone):
        await stage.look(done)
    await stage.adapter.withdraw(receipt)  # well too when it is gone already
    assert await shown(stage) == []


async def test_deleted_for_good_is_gone_and_withdrawn(stage: WordPressStage) -> None:
    nobody = Receipt(platform_id="99999", url="", published_at=stage.clock.now())
    await stage.adapter.withdraw(nobody)
    with pytest.raises(Gone):
        await stage.look(Checkpoint(data={"post_id": "99999"}, ready=True))


async def test_before_any_draft_find_looks_by_the_slug(stage: WordPressStage) -> None:
    assert await stage.look(Checkpoint()) is None
    _, receipt = await stage.published()
    found = await stage.look(Checkpoint())
    assert isinstance(found, Receipt)
    assert found.platform_id == receipt.platform_id


async def test_what_people_publish_is_listed_over_several_pages(stage: WordPressStage) -> None:
    for number in range(103):
        await stage.console(f"通知{number}", slug=f"n{number}")
    items = await shown(stage)
    assert len(items) == 103
    assert items[0].published_at >= items[-1].published_at


async def test_older_posts_are_not_listed(stage: WordPressStage) -> None:
    await stage.console("旧闻")
    await stage.forward(timedelta(days=3))
    assert await shown(stage) == []


@pytest.mark.parametrize("role", ["contributor", "author", "editor"])
async def test_the_profile_says_what_the_user_may(stage: WordPressStage, role: str) -> None:
    await stage.change(role=role)
    profile = await stage.adapter.profile()
    assert (profile.name, profile.kind) == ("澜汀一院", role)
    assert profile.permissions["edit_posts"]
    assert profile.permissions["publish_posts"] is (role != "contributor")


async def test_a_contributor_is_told_whom_to_ask(stage: WordPressStage) -> None:
    await stage.change(role="contributor")
    with pytest.raises(AuthFailed) as raised:
        await stage.prepared()
    assert raised.value.code == "rest_cannot_create"
    assert "作者" in raised.value.advice


async def test_a_server_that_drops_the_header_is_named(stage: WordPressStage) -> None:
    """The password is right; Apache never hands it on."""
    await stage.change(strips_authorization=True)
    with pytest.raises(AuthFailed) as raised:
        await stage.adapter.profile()
    assert raised.value.code == "rest_not_logged_in"
    assert "Authorization" in raised.value.advice


@pytest.mark.parametrize("field", ["user", "password"])
async def test_half_a_credential_is_refused_before_anything_is_sent(
    stage: WordPressStage, field: str
) -> None:
    del stage.credentials.fields[field]
    with pytest.raises(AuthFailed, match=field):
        await stage.prepared()
    assert await stage.requests("") == 0


async def test_a_file_the_site_finds_too_large_is_rejected(stage: WordPressStage) -> None:
    await stage.control("POST", "settings", {"limits": {"website": {"upload_bytes": 100}}})
    with pytest.raises(Rejected) as raised:
        await stage.prepared()
    assert raised.value.status == 413
    assert raised.value.advice


async def test_a_post_a_person_scheduled_is_theirs(stage: WordPressStage) -> None:
    done = await stage.prepared()
    path = f"{stage.url}/website/u02-website/wp-json/wp/v2/posts/{done.data['post_id']}"
    body = {"status": "pending"}
    async with stage.session.post(path, json=body, headers=HEADERS) as answer:
        assert answer.status == 200
    with pytest.raises(Rejected, match="pending"):
        await stage.look(done)


async def test_the_adapter_is_found_by_its_abilities(stage: WordPressStage) -> None:
    assert isinstance(stage.adapter, Knows)
    assert isinstance(stage.adapter, Withdraws)


async def test_an_unreachable_site_is_unavailable(stage: WordPressStage) -> None:
    await stage.unplug()
    with pytest.raises(Unavailable):
        await stage.adapter.profile()


def codes(stage: WordPressStage, variant: Variant) -> list[str]:
    return [p.code for p in WordPress.check(variant, stage.account)]


async def test_choices_of_the_post_and_of_the_account_reach_the_site(
    stage: WordPressStage,
) -> None:
    options = {"categories": "3, 5", "comments": "off", "sticky": "yes"}
    stage.variant = replace(stage.variant, options=options)
    assert codes(stage, stage.variant) == []
    done = await stage.prepared()
    path = f"{stage.url}/website/u02-website/wp-json/wp/v2/posts?context=edit&status=any"
    async with stage.session.get(path, headers=HEADERS) as answer:
        [post] = await answer.json()
    assert (str(post["id"]), post["categories"]) == (done.data["post_id"], [3, 5])
    assert post["status"] == "draft"


async def test_each_mistake_is_named(stage: WordPressStage) -> None:
    good = stage.variant
    heic = stage.folder.file("media/x.heic", b"x", "image/heic")
    assert codes(stage, replace(good, title=" ")) == ["website-title"]
    assert codes(stage, replace(good, images=(heic,))) == ["website-file-type"]
    for wrong in ({"theme": "gov"}, {"categories": "科普"}, {"sticky": "maybe"}):
        assert codes(stage, replace(good, options=wrong)) == ["website-option"]
    more = replace(good, more=(Article(title="二", body="二"),))
    assert codes(stage, more) == ["website-more"]
    assert [p.severity for p in WordPress.check(more, stage.account)] == [Severity.WARNING]
    plain = replace(stage.account, options={"site": "http://yy1.lanting.example"})
    assert has_errors(WordPress.check(good, plain))
    assert all(p.hint for p in WordPress.check(replace(good, title=""), plain))
