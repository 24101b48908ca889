"""The three answers: which accounts carried each key item, how much each posted, who is silent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from bot.domain.counts import By, CountRow, Counts, Span, count
from bot.domain.coverage import Cell, ItemCoverage, KeyRelease, item_coverage
from bot.domain.gaps import AccountGap, AccountPosts, GapRules, account_gap
from bot.domain.post import Kind
from bot.domain.publication import Publication, State
from bot.domain.roster import Account, AccountStatus, Roster
from bot.engine.ports import Core
from bot.ledger import items, posts, publications, roster, verdicts
from bot.ledger.posts import StoredPost
from bot.ledger.roster import Health
from bot.ledger.verdicts import Carried

_GAP_LOOK_BACK = timedelta(days=60)  # a silence that began before the period belongs to it too


async def coverage(
    core: Core,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    ids: Collection[str] = (),
) -> tuple[list[ItemCoverage], Roster]:
    """Coverage of the key items planned in [since, until), as known now."""
    async with core.ledger.read() as conn:
        stored = await posts.key_items(conn, since=since, until=until, ids=ids)
        names = [post.id for post in stored]
        pubs = await publications.of_posts(conn, names)
        found = await verdicts.carried(conn, names)
        exempt = await posts.exemptions_of(conn, names)
        gone = await items.gone(conn, [pub.id for pub in pubs])
        members = await roster.load(conn)
        health = await roster.health(conn)
    answers = []
    for post in stored:
        mine = {pub.account: pub for pub in pubs if pub.post == post.id}
        seen = [verdict for verdict in found if verdict.post == post.id]
        release = _release(post, mine.values(), members, exempt.get(post.id, {}))
        cells = _cells(core, members, mine, seen, health, gone, post)
        now = core.clock.now()
        required = members.open_units(post.first_release_at or now)
        answers.append(item_coverage(release, cells, required, as_of=now))
    return answers, members


def _release(
    post: StoredPost,
    pubs: Collection[Publication],
    members: Roster,
    exempt: Mapping[str, str],
) -> KeyRelease:
    own = [pub for pub in pubs if pub.kind is Kind.ORIGINAL]
    own.sort(key=lambda pub: (pub.published_at is None, pub.published_at or pub.due_at, pub.id))
    first = own[0] if own else None
    flagships = [a for a in members.accounts.values() if a.flagship]
    return KeyRelease(
        post=post.id,
        title=post.title,
        deadline_at=post.deadline_at or post.due_at,
        flagship=first.account if first else flagships[0].id if flagships else "",
        flagship_unit=first.unit if first else flagships[0].unit if flagships else "",
        released_at=post.first_release_at,
        url=first.url if first else "",
        exempt=exempt,
    )


def _cells(
    core: Core,
    members: Roster,
    pubs: Mapping[str, Publication],
    found: Sequence[Carried],
    health: Mapping[str, Health],
    gone: Collection[int],
    post: StoredPost,
) -> list[Cell]:
    released, deadline = post.first_release_at, post.deadline_at or post.due_at
    by_account: dict[str, list[Carried]] = {}
    for verdict in found:
        by_account.setdefault(verdict.account, []).append(verdict)
    return [
        _cell(
            core,
            account,
            pubs.get(account.id),
            by_account.get(account.id, []),
            read_until=_read_until(health[account.id], released, deadline),
            gone=gone,
        )
        for account in members.accounts.values()
    ]


def _cell(
    core: Core,
    account: Account,
    pub: Publication | None,
    found: Sequence[Carried],
    *,
    read_until: datetime | None,
    gone: Collection[int],
) -> Cell:
    proofs: list[tuple[datetime, str, str]] = [
        (seen.published_at, seen.url, _evidence(seen))
        for seen in found
        if seen.decision == "reprinted" and seen.deleted_at is None
    ]
    if pub is not None and pub.published_at is not None and pub.id not in gone:
        # What reading back found is said first: it shows how the reprint really looks.
        proof = "receipt" if pub.commits and pub.platform_id else "confirmed"
        proofs.append((pub.published_at, pub.url, proof))
    proofs.sort(key=lambda proof: proof[0])
    at, url, evidence = proofs[0] if proofs else (None, "", "")
    return Cell(
        account=account.id,
        unit=account.unit,
        expected=pub is not None,
        # Where an export was vouched for, the account is known as if it had been read.
        by_hand=not core.platforms.capabilities(account).recent and read_until is None,
        carried_at=at,
        url=url,
        evidence=evidence,
        read_until=read_until,
        doubtful=any(seen.decision == "doubtful" for seen in found),
        publication=pub.state if pub else None,
    )


def _read_until(health: Health, released: datetime | None, deadline: datetime) -> datetime | None:
    """Up to when the account is known; None where the time until the deadline has a hole."""
    if released is None or health.read_from is None or health.read_from > released:
        return None
    if any(first < deadline and last > released for first, last in health.read_gaps):
        return None
    return health.read_until


def _evidence(seen: Carried) -> str:
    text = f"{seen.level}:{seen.rule}"
    if seen.level == "C":
        text += f" c={seen.scores.get('c', 0.0):.2f}"
    return text if seen.source_ok else f"{text}; source missing"


async def counts(core: Core, span: Span, *, by: Sequence[By], zone: tzinfo) -> Counts:
    """How much was posted in `span`, told apart by `by`."""
    async with core.ledger.read() as conn:
        rows = await items.between(conn, span.since, span.until)
    return count((_count_row(row) for row in rows), by=by, span=span, zone=zone)


def _count_row(row: Any) -> CountRow:
    return CountRow(
        item=str(row.id),
        account=row.account,
        unit=row.unit,
        platform=row.platform,
        published_at=row.published_at,
        kind=Kind(row.kind),
        via="bot" if row.by_bot else "hand",
        push_id=row.push_id,
        column=row.column,
        deleted_at=row.deleted_at,
        notified=row.notified,
    )


async def gaps(
    core: Core, *, since: datetime, until: datetime, zone: tzinfo, rules: GapRules
) -> tuple[list[AccountGap], Roster]:
    """How long each active account has been silent, and was within [since, until)."""
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        health = await roster.health(conn)
        rows = await items.between(conn, since - _GAP_LOOK_BACK, until)
    posted: dict[str, list[datetime]] = {}
    for row in rows:
        if row.deleted_at is None:  # nobody who looks at the account can see it
            posted.setdefault(row.account, []).append(row.published_at)
    found = [
        account_gap(
            AccountPosts(
                account=account.id,
                unit=account.unit,
                platform=account.platform,
                regime=members.units[account.unit].regime,
                opened=account.opened,
                posted=posted.get(account.id, ()),
                read_from=health[account.id].read_from,
                read_until=health[account.id].read_until,
            ),
            since=since,
            until=until,
            as_of=core.clock.now(),
            zone=zone,
            rules=rules,
        )
        for account in members.accounts.values()
        if account.status_at(core.clock.now()) is AccountStatus.ACTIVE
    ]
    return found, members


async def needs_people(core: Core) -> list[Publication]:
    """Publications a person owes the next move on, by planned time."""
    waiting = {State.HELD, State.HANDED_OFF, State.FAILED, State.MISSED, State.UNKNOWN}
    async with core.ledger.read() as conn:
        found = await publications.in_states(conn, waiting)
    mine = [pub for pub in found if pub.state is not State.UNKNOWN or pub.next_at is None]
    return sorted(mine, key=lambda pub: (pub.due_at, pub.id))


async def changed_after(core: Core) -> list[Publication]:
    """Publications whose post was changed in the calendar after they had gone out."""
    async with core.ledger.read() as conn:
        return await publications.changed_after(conn)


async def nobody_answers_for(core: Core) -> list[Publication]:
    """Publications that are neither final nor owed by a person: none, once a month is over."""
    async with core.ledger.read() as conn:
        found = await publications.in_states(
            conn,
            {State.PLANNED, State.QUEUED, State.SENDING, State.PENDING, State.WAITING}
            | {State.UNKNOWN},
        )
    return [pub for pub in found if pub.state is not State.UNKNOWN or pub.next_at is not None]
