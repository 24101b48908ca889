"""Items compared with the key items, and what a verdict means for what was planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from bot.contract import Receipt
from bot.domain.keytext import KeyText, key_text, known_text
from bot.domain.matching import Candidate, Matcher, Verdict
from bot.domain.normalise import text_hash
from bot.domain.plain import plain_text
from bot.domain.post import Kind, Post
from bot.domain.publication import Publication
from bot.domain.roster import Account, Roster
from bot.domain.variants import marker
from bot.engine.carried import lose, take_over
from bot.engine.reposts import Release
from bot.ledger import posts, publications, verdicts
from bot.ledger.connection import Connection
from bot.ledger.posts import StoredPost


@dataclass(frozen=True)
class Known:
    """The key items to look for, and whose versions they are."""

    keys: Sequence[KeyText]
    matcher: Matcher
    versions: Mapping[str, str]  # hash of a normalised text → content hash
    own: Mapping[str, frozenset[str]]  # key item → accounts of its first release
    releases: Mapping[str, Sequence[Release]]  # account → its first releases


async def known(conn: Connection, members: Roster, *, since: datetime, until: datetime) -> Known:
    """The released key items that were due in [since, until)."""
    stored = [
        post
        for post in await posts.key_items(conn, since=since, until=until, withdrawn=True)
        if post.first_release_at is not None
    ]
    deadlines = {post.id: post.deadline_at for post in stored}
    ids = [post.id for post in stored]
    texts = await posts.versions(conn, ids)
    released = await publications.of_posts(conn, ids)
    keys: list[KeyText] = []
    hashes: dict[str, str] = {}
    for post in stored:
        first = [pub for pub in released if pub.post == post.id and pub.kind is Kind.ORIGINAL]
        keys.append(_key_text(post, texts[post.id], first))
        for digest, version in texts[post.id]:  # the newest last: it wins where texts are the same
            words = texts_of(version)
            hashes.update({text_hash(known_text(text)): digest for text in words})
    matcher = Matcher(
        keys,
        unit_names=[name for unit in members.units.values() for name in (unit.name, unit.short)],
        flagship_names=[a.name for a in members.accounts.values() if a.flagship],
        others=await _other_texts(conn, frozenset(ids), since, until),
    )
    own = {
        post.id: frozenset(
            p.account for p in released if p.post == post.id and p.kind is Kind.ORIGINAL
        )
        for post in stored
    }
    return Known(
        keys=keys,
        matcher=matcher,
        versions=hashes,
        own=own,
        releases=_releases(released, deadlines),
    )


def _key_text(
    post: StoredPost, versions: Sequence[tuple[str, Post]], first: Sequence[Publication]
) -> KeyText:
    assert post.first_release_at is not None
    return key_text(
        post=post.id,
        title=post.title,
        texts=[_words(version) for _digest, version in versions],
        captions=[_short_forms(version) for _digest, version in versions],
        released_at=post.first_release_at,
        deadline_at=post.deadline_at or post.first_release_at,
        marker=marker(post.id),
        urls=[pub.url for pub in first if pub.url],
        platform_ids=[pub.platform_id for pub in first if pub.platform_id],
    )


def texts_of(post: Post) -> list[str]:
    """The article first, then the short forms it goes out in."""
    return [_words(post), *sorted(_short_forms(post))]


def _words(post: Post) -> str:
    return _plain(post.body) or post.text


@lru_cache(maxsize=1024)
def _plain(body: str) -> str:
    return plain_text(body)  # kept: the same texts are compared at each reading


def _short_forms(post: Post) -> set[str]:
    """What goes out in place of the article: on Weibo, with a video, as its digest."""
    says = [(post.text, post.digest), *((o.text, o.digest) for o in post.overrides.values())]
    return {text for pair in says for text in pair if text} - {_words(post)}


async def _other_texts(
    conn: Connection, keys: frozenset[str], since: datetime, until: datetime
) -> list[str]:
    """Our posts that are no key items: what many of them say is no key item's own."""
    stored = await posts.between(conn, since, until)
    texts = await posts.versions(conn, [post.id for post in stored if post.id not in keys])
    return [_words(versions[-1][1]) for versions in texts.values()]


def _releases(
    released: Iterable[Publication], deadlines: Mapping[str, datetime | None]
) -> dict[str, list[Release]]:
    found: dict[str, list[Release]] = {}
    for pub in released:
        deadline = deadlines[pub.post]
        if pub.kind is not Kind.ORIGINAL or not pub.platform_id:
            continue
        if deadline is None or pub.published_at is None:
            continue
        receipt = Receipt(platform_id=pub.platform_id, url=pub.url, published_at=pub.published_at)
        found.setdefault(pub.account, []).append(Release(receipt=receipt, deadline_at=deadline))
    return found


def judge(row: Any, account: Account, members: Roster, known: Known) -> list[Verdict]:
    """What the item `row` of `account` is to the key items. Work: not for a locked ledger."""
    return [
        verdict
        for verdict in known.matcher.match(_candidate(row, account, members))
        if account.id not in known.own[verdict.post]
    ]


async def record(
    conn: Connection, found: Sequence[tuple[Any, Verdict]], known: Known, now: datetime
) -> int:
    """Enters what was found, with what follows from it; returns how many verdicts are new."""
    count = 0
    for row, verdict in found:
        content = known.versions.get(verdict.version, "")
        new = await verdicts.record(conn, row.id, verdict, content, now)
        if verdict.decision == "reprinted":
            await take_over(conn, row, verdict.post, now)
        elif new:
            await lose(conn, row, verdict, now)
        count += new
    return count


def _candidate(row: Any, account: Account, members: Roster) -> Candidate:
    unit = members.units[account.unit]
    return Candidate(
        account=account.id,
        title=row.title,
        text=row.text,
        published_at=row.published_at,
        url=row.url,
        source_url=row.source_url,
        repost_of=row.repost_of,
        own_unit_names=frozenset({unit.name, unit.short, account.name}),
    )
