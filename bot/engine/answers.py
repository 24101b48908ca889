"""The three answers: which accounts carried each key item, how much each posted, who is silent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from bot.domain.counts import By, CountRow, Counts, Span, count
from bot.domain.coverage import (
    LACKING,
    Cell,
    Exemption,
    ItemCoverage,
    KeyRelease,
    is_typed,
    item_coverage,
)
from bot.domain.gaps import (
    AccountGap,
    AccountPosts,
    Forecast,
    GapRules,
    Planned,
    account_gap,
)
from bot.domain.gaps import forecast as forecast_of
from bot.domain.grid import Reading
from bot.domain.lacking import Lack, Situation, lacking
from bot.domain.post import Kind
from bot.domain.publication import Publication, State
from bot.domain.register import History
from bot.domain.roster import Account, AccountStatus, Roster
from bot.domain.tasks import TaskKind
from bot.engine import context as contexts
from bot.engine.ports import Core
from bot.ledger import answers as ledger
from bot.ledger import exemptions, posts, publications, roster, verdicts
from bot.ledger.connection import Connection
from bot.ledger.posts import StoredPost
from bot.ledger.roster import Health
from bot.ledger.verdicts import Carried

_ASKED = (TaskKind.ACCEPT, TaskKind.HAND_OFF, TaskKind.LOOK)  # of a unit, about a publication
_INSTANT = timedelta(microseconds=1)
_GAP_LOOK_BACK = timedelta(days=60)  # a silence that began before the period belongs to it too


@dataclass(frozen=True, kw_only=True)
class Covered:
    """Coverage of some key items, and who must act where it lacks."""

    items: Sequence[ItemCoverage]
    lacking: Mapping[str, Sequence[Lack]]  # by key item, pressing ones first
    members: Roster  # with all units, also those that are closed by now


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What the ledger knows of some key items, at one moment."""

    posts: Sequence[StoredPost]
    publications: Mapping[str, Mapping[str, Publication]]  # key item -> account
    verdicts: Mapping[str, Mapping[str, Sequence[Carried]]]
    exempt: Mapping[str, Mapping[str, Exemption]]
    gone: Collection[int]  # publications whose post was deleted
    newest: Mapping[str, str]  # key item -> hash of its newest text
    unchanged: Collection[int]  # publications that the newest text would look the same on
    versions: Mapping[str, Collection[str]] | None  # all there were then; None: all there are
    history: History
    readings: Mapping[str, Reading]
    health: Mapping[str, Health]
    since: Mapping[int, datetime]  # publication -> when it came to stand as it does


async def coverage(
    core: Core,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    ids: Collection[str] = (),
    at: datetime | None = None,
) -> tuple[list[ItemCoverage], Roster]:
    """Coverage of the key items planned in [since, until), as known now or at a moment."""
    found = await covered(core, since=since, until=until, ids=ids, at=at)
    return list(found.items), found.members


async def covered(
    core: Core,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    ids: Collection[str] = (),
    at: datetime | None = None,
) -> Covered:
    """The same, with who must act.

    What was known at a moment gone by: receipts, matches, deletions, exemptions and the text's
    version of then. Only how far accounts had been read is what is known by now, up to then.
    """
    as_of = at or core.clock.now()
    async with core.ledger.read() as conn:
        stored = await posts.key_items(conn, since=since, until=until, ids=ids)
        facts = await _facts(conn, core, stored, at)
        found = [_covered(facts, post, as_of) for post in facts.posts]
        told = await ledger.reminded(conn, _tasks(facts, found), at)
    lacks = {
        item.post: lacking(item, _situations(facts, item, cells, told)) for item, cells in found
    }
    members = facts.history.at(as_of)
    return Covered(items=[item for item, _cells in found], lacking=lacks, members=members)


def _covered(
    facts: _Facts, post: StoredPost, as_of: datetime
) -> tuple[ItemCoverage, Sequence[Cell]]:
    moment = post.first_release_at or as_of
    members = facts.history.at(moment)
    mine = facts.publications[post.id].values()
    release = release_of(post, mine, members.flagships, facts.exempt.get(post.id, {}))
    cells = [_cell(facts, post, one) for one in members.accounts.values()]
    units = asked(post, release, members.open_units(moment))
    return item_coverage(release, cells, units, as_of=as_of), cells


def _tasks(facts: _Facts, found: Iterable[tuple[ItemCoverage, Sequence[Cell]]]) -> list[str]:
    """What was asked of people about units that lack: ids of tasks."""
    return [
        _task(task, facts.publications[item.post][cell.account])
        for item, cells in found
        for lacks in [{row.unit for row in item.units if row.state in LACKING}]
        for cell in cells
        if cell.unit in lacks and cell.account in facts.publications[item.post]
        for task in _ASKED
    ]


def _task(kind: TaskKind, pub: Publication) -> str:
    return f"{kind.value}-{pub.id}"


async def _facts(
    conn: Connection, core: Core, stored: Sequence[StoredPost], at: datetime | None
) -> _Facts:
    names = [post.id for post in stored]
    if at is None:
        pubs = await publications.of_posts(conn, names)
        found = await verdicts.carried(conn, names)
        newest = {post.id: post.content_hash for post in stored}
        versions = None
    else:
        stored = [_then(post, at) for post in stored]
        pubs = await ledger.publications_at(conn, names, at)
        found = await ledger.verdicts_at(conn, names, at)
        versions = await ledger.versions_at(conn, names, at)
        newest = {name: hashes[-1] for name, hashes in versions.items()}
    history = await roster.history(conn)
    health = await roster.health(conn)
    members = history.at(core.clock.now())
    return _Facts(
        posts=stored,
        publications=_publications(names, pubs),
        verdicts=_by_account(names, found),
        exempt=await exemptions.with_withdrawn(conn, names, at=at),
        gone=await ledger.gone(conn, names, at),
        newest=newest,
        unchanged=await _unchanged(conn, core, pubs, newest),
        versions=versions,
        history=history,
        readings=readings(core, members, health, at),
        health=health,
        since=await ledger.last_moves(conn, names),
    )


async def _unchanged(
    conn: Connection, core: Core, pubs: Iterable[Publication], newest: Mapping[str, str]
) -> set[int]:
    """Publications of an earlier text of which their accounts show nothing that has changed."""
    earlier = [
        pub
        for pub in pubs
        if pub.published_at is not None
        and pub.content_hash
        and newest.get(pub.post, "") not in {"", pub.content_hash}
    ]
    if not earlier:
        return set()
    known = await contexts.load(conn, earlier, versions={newest[pub.post] for pub in earlier})
    return {pub.id for pub in earlier if contexts.same_form(core, known, pub, newest[pub.post])}


def _then(post: StoredPost, at: datetime) -> StoredPost:
    """The key item before its first release, where that was still to come."""
    released = post.first_release_at
    return replace(post, first_release_at=None) if released and released > at else post


def _publications(
    names: Sequence[str], found: Iterable[Publication]
) -> dict[str, dict[str, Publication]]:
    sorted_: dict[str, dict[str, Publication]] = {name: {} for name in names}
    for pub in found:
        sorted_[pub.post][pub.account] = pub
    return sorted_


def _by_account(
    names: Sequence[str], found: Sequence[Carried]
) -> dict[str, dict[str, list[Carried]]]:
    sorted_: dict[str, dict[str, list[Carried]]] = {name: {} for name in names}
    for verdict in found:
        sorted_[verdict.post].setdefault(verdict.account, []).append(verdict)
    return sorted_


def readings(
    core: Core, members: Roster, health: Mapping[str, Health], at: datetime | None = None
) -> dict[str, Reading]:
    """How far each account is known; at a moment gone by, at most up to then."""
    return {
        name: Reading(
            readable=core.platforms.capabilities(account).recent,
            since=health[name].read_from,
            until=_earlier(health[name].read_until, at),
            gaps=health[name].read_gaps,
        )
        for name, account in members.accounts.items()
    }


def _earlier(known: datetime | None, at: datetime | None) -> datetime | None:
    return known if known is None or at is None else min(known, at)


def release_of(
    post: StoredPost,
    pubs: Iterable[Publication],
    flagships: Sequence[Account],
    exempt: Mapping[str, Exemption],
) -> KeyRelease:
    """The key item and its first release, among its publications on the flagship's accounts."""
    units = {account.id: account.unit for account in flagships}
    own = [pub for pub in pubs if pub.kind is Kind.ORIGINAL and pub.account in units]
    own.sort(key=lambda pub: (pub.published_at is None, pub.published_at or pub.due_at, pub.id))
    first = own[0].account if own else next(iter(units), "")
    return KeyRelease(
        post=post.id,
        title=post.title,
        deadline_at=post.deadline_at or post.due_at,
        flagship=first,
        flagship_unit=units.get(first, ""),
        released_at=post.first_release_at,
        url=own[0].url if own else "",
        exempt=exempt,
        optional=frozenset(post.may) - frozenset(post.must),
    )


def asked(post: StoredPost, item: KeyRelease, there: list[str]) -> list[str]:
    """The units that must or may carry it, or are exempt: of those there at its release."""
    if not post.must:
        return there
    named = {*post.must, *post.may, *item.exempt}
    return [unit for unit in there if unit in named]


def _cell(facts: _Facts, post: StoredPost, account: Account) -> Cell:
    pub = facts.publications[post.id].get(account.id)
    seen = facts.verdicts[post.id].get(account.id, ())
    reading = facts.readings[account.id]
    deadline = post.deadline_at or post.due_at
    read_until = reading.covers(post.first_release_at, deadline)
    proofs = sorted(_proofs(facts, post, pub, seen), key=lambda proof: proof[0])
    at, url, evidence, outdated = proofs[0] if proofs else (None, *_found(seen), False)
    return Cell(
        account=account.id,
        unit=account.unit,
        expected=pub is not None,
        # Where an export was vouched for, the account is known as if it had been read.
        by_hand=not reading.readable and read_until is None,
        carried_at=at,
        url=url,
        evidence=evidence,
        read_until=read_until,
        doubtful=any(_is_doubtful(one) for one in seen),
        publication=pub.state if pub else None,
        outdated=outdated,
        unsure=pub is not None and pub.id not in facts.gone and _is_unsure(post, pub),
    )


def _is_unsure(post: StoredPost, pub: Publication) -> bool:
    """A person alone says that it is public, and since when it cannot have been."""
    if pub.published_at is None or not is_typed(pub.kind, pub.platform_id):
        return False
    return post.first_release_at is None or pub.published_at < post.first_release_at


def _proofs(
    facts: _Facts, post: StoredPost, pub: Publication | None, seen: Sequence[Carried]
) -> list[tuple[datetime, str, str, bool]]:
    """When it was carried, where, how that is known, and whether the text was corrected since.

    What reading back found comes first: it shows how the reprint really looks.
    """
    proofs = [
        (one.published_at, one.url, _evidence(one), _is_outdated(facts, post.id, one.content_hash))
        for one in seen
        if one.decision == "reprinted" and one.deleted_at is None
    ]
    if pub is None or pub.published_at is None or pub.id in facts.gone:
        return proofs
    if not _is_unsure(post, pub):
        proof = "receipt" if pub.commits and pub.platform_id else "confirmed"
        outdated = _is_outdated(facts, post.id, pub.content_hash)
        outdated = outdated and pub.id not in facts.unchanged
        proofs.append((pub.published_at, pub.url, proof, outdated))
    return proofs


def _is_outdated(facts: _Facts, post: str, content: str) -> bool:
    """True for a version there was then and that was not the newest; "": nobody knows which."""
    known = facts.versions is None or content in facts.versions.get(post, ())
    return known and content not in {"", facts.newest.get(post, "")}


def _is_doubtful(seen: Carried) -> bool:
    return seen.decision == "doubtful" and seen.deleted_at is None


def _found(seen: Sequence[Carried]) -> tuple[str, str]:
    """Link and evidence of what waits for a person's decision; empty when nothing does."""
    doubtful = [(one.url, f"{one.level}:{one.rule}") for one in seen if _is_doubtful(one)]
    return doubtful[0] if doubtful else ("", "")


def _evidence(seen: Carried) -> str:
    text = f"{seen.level}:{seen.rule}"
    if seen.level == "C":
        text += f" c={seen.scores.get('c', 0.0):.2f}"
    return text if seen.source_ok else f"{text}; source missing"


def _situations(
    facts: _Facts, item: ItemCoverage, cells: Sequence[Cell], told: Mapping[str, datetime]
) -> list[Situation]:
    found = []
    for cell in cells:
        pub = facts.publications[item.post].get(cell.account)
        doubts = [
            one.at for one in facts.verdicts[item.post].get(cell.account, ()) if _is_doubtful(one)
        ]
        read = cell.read_until is not None and cell.read_until >= item.deadline_at
        times = [told.get(_task(kind, pub)) for kind in _ASKED] if pub else []
        found.append(
            Situation(
                account=cell.account,
                unit=cell.unit,
                publication=pub,
                doubtful_since=min(doubts, default=None),
                unread=not (read or cell.by_hand) and item.as_of > item.deadline_at,
                read_error=facts.health[cell.account].read_error,
                since=facts.since.get(pub.id) if pub else None,
                reminded_at=max((time for time in times if time), default=None),
            )
        )
    return found


async def counts(
    core: Core,
    span: Span,
    *,
    by: Sequence[By],
    zone: tzinfo,
    at: datetime | None = None,
    units: Collection[str] = (),
) -> Counts:
    """How much was posted in `span`, told apart by `by`; known now or at a moment gone by.

    An item counts for the unit its account belonged to when it came out.
    """
    async with core.ledger.read() as conn:
        history = await roster.history(conn)
        shown = await ledger.shown(conn, span.since, span.until, at=at)
    rows = [count_row(row, history) for row in shown]
    wanted = [row for row in rows if not units or row.unit in units]
    return count(wanted, by=by, span=span, zone=zone)


def count_row(row: Any, history: History) -> CountRow:
    return CountRow(
        item=str(row.id),
        title=row.title,
        url=row.url,
        account=row.account,
        unit=history.unit_of(row.account, row.published_at) or row.unit,
        platform=row.platform,
        published_at=row.published_at,
        kind=Kind(row.kind),
        via="bot" if row.by_bot else "hand",
        push_id=row.push_id,
        column=row.column,
        deleted_at=row.deleted_at,
        notified=row.notified,
        repost=bool(row.repost_of),
        by_link=bool(row.url) and row.platform_id == row.url,
    )


async def gaps(
    core: Core, *, since: datetime, until: datetime, zone: tzinfo, rules: GapRules
) -> tuple[list[AccountGap], Roster]:
    """How long each active account has been silent, and was within [since, until)."""
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        health = await roster.health(conn)
        rows = await ledger.shown(conn, since - _GAP_LOOK_BACK, until)
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


async def forecast(core: Core, *, zone: tzinfo, rules: GapRules) -> tuple[list[Forecast], Roster]:
    """Who falls silent next, if nothing comes but what the ledger has planned."""
    now = core.clock.now()
    found, members = await gaps(core, since=now, until=now + _INSTANT, zone=zone, rules=rules)
    async with core.ledger.read() as conn:
        coming = await ledger.coming(conn, now)
    planned = [
        Planned(account=pub.account, post=pub.post, at=max(pub.due_at, now), sure=is_sure(pub))
        for pub in coming
    ]
    today = now.astimezone(zone).date()
    return forecast_of(found, planned, today=today, zone=zone), members


def is_sure(pub: Publication) -> bool:
    """True when nobody has to do anything for it to go out."""
    waits = pub.by_hand or (pub.needs_acceptance and not pub.accepted_by)
    return pub.state not in {State.HELD, State.HANDED_OFF} and not waits and not pub.withdrawn


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
