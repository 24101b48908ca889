"""What the ledger keeps of a post, and what counts as another version of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.post import Article, Kind, Method, Override, Post
from bot.domain.variants import make_variant
from bot.ledger.posts import content_hash, decode, encode, save, versions
from tests.bot.domain.making import CLIP, PICTURE, account, key_item, post, unit
from tests.bot.ledger.stand import NOW, ledger
from tests.pairs import Pair

SECOND = Article(
    title="洗手的五个时刻",
    body="饭前便后。\n\n![](media/a.jpg)",
    cover=PICTURE,
    digest="五个时刻",
    author="区疾控",
    link="https://example.cn/b",
    inline=(PICTURE,),
)
FULL = post(
    cover=PICTURE,
    images=(PICTURE,),
    video=replace(CLIP, width=1080, height=1920, duration_s=32.5, codec="AVC", audio="AAC", fps=25),
    more=(SECOND, Article(title="七步", body="口诀。")),
    overrides={"wechat": Override(text="别的", options={"theme": "gov", "comments": "off"})},
    key=key_item(),
)


async def test_a_post_comes_back_from_the_ledger_whole(pair: Pair) -> None:
    """Further articles with their pictures and a platform's own choices too."""
    async with ledger(pair) as opened:
        async with opened.write() as conn:
            await save(conn, FULL, content_hash(FULL), NOW)
        async with opened.read() as conn:
            found = await versions(conn, [FULL.id])
    assert found == {FULL.id: [(content_hash(FULL), FULL)]}
    [(_hash, kept)] = found[FULL.id]
    variant = make_variant(
        kept, account("u01-wechat"), unit(), kind=Kind.ORIGINAL, method=Method.PUSH
    )
    assert variant.more == FULL.more
    assert variant.options == {"theme": "gov", "comments": "off"}


CHANGES: dict[str, Post] = {
    "a further article less": replace(FULL, more=(SECOND,)),
    "their order": replace(FULL, more=FULL.more[::-1]),
    "a word in one": replace(FULL, more=(replace(SECOND, body="饭前。"), FULL.more[1])),
    "a picture in one": replace(
        FULL, more=(replace(SECOND, inline=(replace(PICTURE, sha256="2" * 64),)), FULL.more[1])
    ),
    "a choice": replace(FULL, overrides={"wechat": Override(text="别的", options={"theme": "x"})}),
    "no choice": replace(FULL, overrides={"wechat": Override(text="别的")}),
    "the video": replace(FULL, video=CLIP),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_a_change_of_what_is_said_is_another_version(changed: Post) -> None:
    """So that it is planned, checked and approved anew."""
    assert content_hash(changed) != content_hash(FULL)


def test_a_post_that_is_only_moved_is_the_same_version() -> None:
    """Also after a way through the ledger."""
    assert content_hash(replace(decode(encode(FULL)), due_at=NOW.replace(day=9))) == content_hash(
        FULL
    )
