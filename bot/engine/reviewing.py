"""Reviews: what waits for whom, and what reviewers say of it. docs/review.md has the rules.

Every word is about one version, named by the hash of its content. So whoever edits a post voids
what was said of it, and who moves it does not. Nothing here lets anything out by itself: it wakes
what waited, and the grant asks again (bot/ledger/journal.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain import review_words as words
from bot.domain.review import Approval, Level, Review, Said, approved_by, last_words, missing
from bot.domain.review_diff import FieldDiff, field_diffs
from bot.engine.ports import Core
from bot.engine.review_gate import hold_unreviewed, in_force
from bot.engine.review_people import powers
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import approvals, people, posts, publications, recalls
from bot.ledger.approvals import Version
from bot.ledger.connection import Connection
from bot.ledger.journal import Event
from bot.ledger.posts import NOT_CONTENT, StoredPost
from bot.logs import get_logger

log = get_logger(__name__)
_NO_CONTENT = (*sorted(NOT_CONTENT), "id")


class Overtaken(UsageError):
    """Others have said something of the version since it was shown; it may be said all the same."""


class CaseState(StrEnum):
    """Where the review of a version stands."""

    WAITING = "waiting"  # for `next_level`
    REFUSED = "refused"  # the author's move, unless `next_level` approves after all
    APPROVED = "approved"  # by every level it needs


@dataclass(frozen=True, kw_only=True)
class LevelState:
    """What a level said last of the version."""

    level: Level
    said: Said | None = None  # None: nothing yet
    by: str = ""  # login
    deputy_of: str = ""  # in whose place; "" in their own right
    note: str = ""
    at: datetime | None = None
    before: str = ""  # hash of the version this level approved last before this one; "" none


@dataclass(frozen=True, kw_only=True)
class Case:
    """One version of a post and how far its review is."""

    post: str
    title: str
    column: str
    content_hash: str  # the newest version; what reviewers say is about this one
    state: CaseState
    levels: tuple[LevelState, ...]  # those it needs, in their order
    next_level: Level | None  # whose move it is; the one that refused; None: approved
    since: datetime  # when it came up for that level
    planned_at: datetime  # when the first of what waits for it is to go out
    deadline_at: datetime
    late: bool
    publications: int  # how many wait for it; 0: only a correction in place
    correction: bool  # a correction of what is public was ordered, and waits for it
    last_approved: str  # the version some level approved last before this one; "" none
    changed: tuple[str, ...]  # fields that differ from `last_approved`
    savers: tuple[str, ...] = ()  # logins of who saved this version at the desk, the last one last

    @property
    def saved_by(self) -> str:
        """Who last saved it; "" for a version that comes from elsewhere."""
        return self.savers[-1] if self.savers else ""

    def level(self, level: Level) -> LevelState | None:
        """What one level said; None where it is not needed."""
        return next((one for one in self.levels if one.level is level), None)


# ── what waits ────────────────────────────────────────────────────────────────────────────────


async def cases(
    core: Core, conn: Connection, *, done: bool = False, post: str | None = None
) -> list[Case]:
    """Versions that wait for a review or were refused, by deadline; of one `post` if named.

    `done`: also those approved that have not gone out yet. What the check has found wrong is not
    offered: mending it makes another version, and what was said of this one would be void.
    """
    review, now = await in_force(core, conn), core.clock.now()
    if review.off:
        return []
    waiting = await publications.still_to_go(conn, post)
    orders = {one.post: one.at for one in await recalls.open_corrections(conn)}
    ids = {one for one in {*waiting, *orders} if post in (None, one)}
    stored = await posts.some_posts(conn, ids - set(await recalls.withdrawn(conn, ids)))
    offered = {
        one.id: one for one in stored.values() if not one.removed and review.required(one.column)
    }
    known = _Known(
        review=review,
        now=now,
        waiting=waiting,
        orders=orders,
        said=await approvals.said_of(conn, offered),
        seen=await approvals.first_seen(conn, {one.content_hash for one in offered.values()}),
        saved=await approvals.savers(
            conn, {(one.id, one.content_hash) for one in offered.values()}
        ),
    )
    found = [_case(known, one) for one in offered.values()]
    found = [one for one in found if done or one.state is not CaseState.APPROVED]
    found = await _with_changes(conn, found)
    return sorted(found, key=lambda one: (one.deadline_at, one.post))


async def case(core: Core, post: str) -> Case | None:
    """How far the newest version of a post is; None when nothing of it is to be reviewed (now)."""
    async with core.ledger.read() as conn:
        found = await cases(core, conn, done=True, post=post)
    return found[0] if found else None


async def history(core: Core, post: str) -> list[Approval]:
    """All that was ever said of a post, of every version, oldest first."""
    async with core.ledger.read() as conn:
        said = await approvals.said_of(conn, [post])
    return sorted((one for mine in said.values() for one in mine), key=lambda one: one.id)


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What cases are made of."""

    review: Review
    now: datetime
    waiting: Mapping[str, tuple[datetime, int]]
    orders: Mapping[str, datetime]
    said: Mapping[Version, Sequence[Approval]]
    seen: Mapping[str, datetime]
    saved: Mapping[Version, tuple[str, ...]]


def _case(known: _Known, post: StoredPost) -> Case:
    version = (post.id, post.content_hash)
    said, earlier = known.said.get(version, ()), _earlier(known.said, version)
    required = known.review.required(post.column)
    words_, lacking = last_words(said), missing(required, approved_by(said))
    no = next((level for level in lacking if level in words_), None)
    ordered_at = known.orders.get(post.id)
    planned_at, count = known.waiting.get(post.id, (ordered_at or post.due_at, 0))
    if ordered_at is not None:
        planned_at = min(planned_at, ordered_at)  # what is public is wrong until it is corrected
    came_at = max(known.seen[post.content_hash], ordered_at or known.seen[post.content_hash])
    deadline_at = max(planned_at - known.review.lead, came_at)
    state = CaseState.REFUSED if no else CaseState.WAITING if lacking else CaseState.APPROVED
    return Case(
        post=post.id,
        title=post.title,
        column=post.column,
        content_hash=post.content_hash,
        state=state,
        levels=tuple(
            _level(level, words_.get(level), earlier) for level in Level if level in required
        ),
        next_level=no or (lacking[0] if lacking else None),
        since=max([came_at, *(one.at for one in said)]),
        planned_at=planned_at,
        deadline_at=deadline_at,
        late=state is CaseState.WAITING and known.now > deadline_at,
        publications=count,
        correction=ordered_at is not None,
        last_approved=earlier[-1].content_hash if earlier else "",
        changed=(),
        savers=known.saved.get(version, ()),
    )


def _earlier(said: Mapping[Version, Sequence[Approval]], version: Version) -> list[Approval]:
    """What was approved of other versions of the post, oldest first."""
    found = [
        one
        for (post, digest), mine in said.items()
        if post == version[0] and digest != version[1]
        for one in mine
        if one.said is Said.APPROVED
    ]
    return sorted(found, key=lambda one: one.id)


def _level(level: Level, last: Approval | None, earlier: Sequence[Approval]) -> LevelState:
    before = [one.content_hash for one in earlier if one.level is level]
    state = LevelState(level=level, before=before[-1] if before else "")
    if last is None:
        return state
    return LevelState(
        level=level,
        said=last.said,
        by=last.by,
        deputy_of=last.deputy_of,
        note=last.note,
        at=last.at,
        before=state.before,
    )


async def _with_changes(conn: Connection, found: Sequence[Case]) -> list[Case]:
    hashes = {
        h for one in found if one.last_approved for h in (one.last_approved, one.content_hash)
    }
    bodies = await publications.bodies(conn, hashes) if hashes else {}
    return [
        replace(
            one,
            changed=tuple(
                each.field
                for each in field_diffs(
                    bodies[one.last_approved], bodies[one.content_hash], without=_NO_CONTENT
                )
            ),
        )
        if one.last_approved
        else one
        for one in found
    ]


async def diff(core: Core, old_hash: str, new_hash: str) -> list[FieldDiff]:
    """What differs between two versions, field by field; `old_hash` "" shows all of the new one.

    Raises UsageError for a hash the ledger does not know.
    """
    async with core.ledger.read() as conn:
        bodies = await publications.bodies(conn, {old_hash, new_hash} - {""})
    for digest in (old_hash, new_hash):
        if digest and digest not in bodies:
            raise UsageError(_("There is no version {hash}.").format(hash=digest[:12]))
    old = bodies[old_hash] if old_hash else {}
    return field_diffs(old, bodies[new_hash], without=_NO_CONTENT)


# ── what reviewers say ────────────────────────────────────────────────────────────────────────


async def approve(
    core: Core,
    post: str,
    seen_hash: str,
    level: Level,
    *,
    by: str,
    note: str = "",
    heard: int | None = None,
) -> Case:
    """A reviewer lets the version pass; after the last level what waited is looked at at once.

    `heard`: the id of the last word the reviewer has seen, 0 for none; None asks nothing of it.
    Raises UsageError in words: another version by now, not this person's or not yet this level's
    turn, said already, or whoever saved the version at the desk. Overtaken for words not `heard`.
    """
    said = Said.APPROVED
    return await _say(core, post, seen_hash, level, said, by=by, note=note.strip(), heard=heard)


async def refuse(
    core: Core,
    post: str,
    seen_hash: str,
    level: Level,
    *,
    by: str,
    note: str,
    heard: int | None = None,
) -> Case:
    """A reviewer sends the version back to its author; `note` says why.

    Also after approval, as long as something of it has not gone out. Raises UsageError as above.
    """
    said = Said.REFUSED
    return await _say(core, post, seen_hash, level, said, by=by, note=note.strip(), heard=heard)


async def _say(
    core: Core,
    post: str,
    seen_hash: str,
    level: Level,
    said: Said,
    *,
    by: str,
    note: str,
    heard: int | None,
) -> Case:
    now, made = core.clock.now(), list[Event]()
    async with core.ledger.write() as conn:
        # A grant and another reviewer come before this, or see it.
        await recalls.lock(conn, post)
        found = await _newest(core, conn, post, seen_hash)
        mine = await powers(conn, by, now)
        earlier = (await approvals.said_of(conn, [post])).get((post, seen_hash), [])
        names = {one.login: one.name for one in await people.everybody(conn)}
        for fault in _faults(
            core.options.review, found, level, said, earlier, by, note, mine, names
        ):
            raise UsageError(fault)
        _hear(earlier, heard, by, names)
        await approvals.add(
            conn,
            (post, seen_hash),
            level,
            said,
            by=by,
            deputy_of=mine[level],
            note=note,
            now=now,
        )
        after = await _newest(core, conn, post, seen_hash)
        if after.state is CaseState.APPROVED:
            await approvals.wake(conn, post, now)
        else:
            await hold_unreviewed(core, conn, now, ids=[post], made=made)
    core.journal.tell(made)
    log.info("review.said", post=post, level=level.value, said=said.value)
    return after


def _hear(said: Sequence[Approval], heard: int | None, by: str, names: Mapping[str, str]) -> None:
    """Raises Overtaken when others have said something since; the last of it is told."""
    new = [one for one in said if heard is not None and one.id > heard and one.by != by]
    if new:
        last = new[-1]
        message = _("Meanwhile {name} has said: {level} {said}. Yours was not saved.")
        raise Overtaken(
            message.format(
                name=names.get(last.by, last.by),
                level=words.level(last.level),
                said=words.said(last.said),
            )
        )


def nothing_to_review(post: str) -> str:
    """Why nothing can be said of a post, in words."""
    return _(
        "Nothing of {post} is to be reviewed: it needs no review, has an error, or nothing of it "
        "is still to go out."
    ).format(post=post)


async def _newest(core: Core, conn: Connection, post: str, seen_hash: str) -> Case:
    found = await cases(core, conn, done=True, post=post)
    if not found:
        raise UsageError(nothing_to_review(post))
    if found[0].content_hash != seen_hash:
        raise UsageError(
            _("{post} was changed after you opened it. Look at the new version.").format(post=post)
        )
    return found[0]


def _faults(
    review: Review,
    case: Case,
    level: Level,
    said: Said,
    earlier: Sequence[Approval],
    by: str,
    note: str,
    mine: Collection[Level],
    names: Mapping[str, str],
) -> Iterator[str]:
    """Why this person may not say this now, in words; the first one is told."""
    name, last = words.level(level), case.level(level)
    if last is None:
        yield _("{post} needs no {level}.").format(post=case.post, level=name)
        return
    if level not in mine:
        yield _("{login} does not review at this level: {level}.").format(
            login=names.get(by, by), level=name
        )
    before = [
        one for one in case.levels[: case.levels.index(last)] if one.said is not Said.APPROVED
    ]
    if before:
        yield _("The {level} comes first; it has not approved this version.").format(
            level=words.level(before[0].level)
        )
    if last.said is said and last.by == by:
        yield _("You have said so already. {level}: {said}.").format(
            level=name, said=words.said(said)
        )
    elif last.said is said:
        yield _("{login} was faster. {level}: {said}.").format(
            login=names.get(last.by, last.by), level=name, said=words.said(said)
        )
    if said is Said.REFUSED and not note:
        yield _("Say why it is refused, for its author.")
    if said is Said.APPROVED and by in case.savers:
        yield _("You saved this version yourself; somebody else must review it.")
    if not review.same_person and any(one.by == by and one.level is not level for one in earlier):
        yield _("You have acted at another level of this version; somebody else must do this one.")
