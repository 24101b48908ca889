"""Items compared with the key items, and what a verdict means for what was planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.contract import Receipt
from bot.domain import transitions
from bot.domain.matching import Candidate, KeyText, Matcher, Verdict, key_text
from bot.domain.normalise import normalise, text_hash
from bot.domain.plain import plain_text
from bot.domain.post import Kind
from bot.domain.publication import Publication, State
from bot.domain.roster import Account, Roster
from bot.domain.step import PublishedAs, Step
from bot.domain.variants import marker
from bot.engine.reposts import Release
from bot.ledger import items, journal, posts, publications, verdicts
from bot.ledger.connection import Connection
from bot.ledger.journal import Move

# What the bot has not sent yet and must not send, once the unit carried it by hand.
_NOT_YET = frozenset({State.PLANNED, State.HELD, State.WAITING})


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
    keys, hashes = [], {}
    for post in stored:
        plain = [
            (digest, plain_text(version.body) or version.text) for digest, version in texts[post.id]
        ]
        hashes.update({text_hash(normalise(text)): digest for digest, text in plain})
        first = [pub for pub in released if pub.post == post.id and pub.kind is Kind.ORIGINAL]
        assert post.first_release_at is not None
        keys.append(
            key_text(
                post=post.id,
                title=post.title,
                texts=[text for _digest, text in plain],
                released_at=post.first_release_at,
                deadline_at=post.deadline_at or post.first_release_at,
                marker=marker(post.id),
                urls=[pub.url for pub in first if pub.url],
                platform_ids=[pub.platform_id for pub in first if pub.platform_id],
            )
        )
    matcher = Matcher(
        keys,
        unit_names=[name for unit in members.units.values() for name in (unit.name, unit.short)],
        flagship_names=[a.name for a in members.accounts.values() if a.flagship],
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
        count += await verdicts.record(conn, row.id, verdict, content, now)
        await _take_over(conn, row, verdict, now)
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


async def _take_over(conn: Connection, row: Any, verdict: Verdict, now: datetime) -> None:
    """What a reprint found by hand means for the publication that was planned for it."""
    if verdict.decision != "reprinted":
        return
    await items.mark_reprint(conn, row.id)
    pub = await publications.by_post_and_account(conn, verdict.post, verdict.account)
    if pub is None:
        return
    step = _found_by_hand(pub, row)
    if step is not None:
        await journal.apply(conn, [Move(publication=pub.id, step=step)], now)


def _found_by_hand(pub: Publication, row: Any) -> Step | None:
    if pub.state in _NOT_YET and not pub.commits:
        return transitions.cancel(reason="carried_by_hand")
    if pub.state not in _NOT_YET | {State.HANDED_OFF}:
        return None
    receipt = PublishedAs(
        platform_id=row.platform_id,
        url=row.url,
        published_at=row.published_at,
        push_id=row.push_id,
        notified=row.notified,
        by_bot=pub.commits > 0,  # then it is what the bot sent and lost sight of
    )
    return transitions.publish(receipt, by="collect")
