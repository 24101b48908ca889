"""Orders to take a post back or to correct it, and what they come to as time goes on.

An order reaches every account at once: what was not sent is called off in the same transaction,
everything else gets a step of its own. `sweep` then follows the ledger: what was in flight turns
out, a reprint is found later, an account is seen to be clean.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.contract import Corrects, Withdraws
from bot.domain import afterwards, transitions
from bot.domain import recall as rules
from bot.domain.differences import Forms, carried, forms
from bot.domain.planning import IN_FLIGHT
from bot.domain.post import Post
from bot.domain.publication import Publication, State
from bot.domain.recall import (
    LIVING,
    Carrier,
    Change,
    NewStep,
    Recall,
    RecallKind,
    RecallStep,
    Standing,
    StepState,
)
from bot.domain.step import Step, blocked_note
from bot.engine import context as contexts
from bot.engine.context import Context
from bot.engine.ports import Core
from bot.engine.review_gate import lacks_review
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import journal, posts, publications, recalls
from bot.ledger.connection import Connection
from bot.ledger.journal import Move
from bot.ledger.posts import StoredPost
from bot.ledger.recalls import Shown
from bot.logs import get_logger

log = get_logger(__name__)
WATCHED = timedelta(days=90)  # so long a reprint that is found late still gets its step


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Everything the ledger knows of a post on all accounts."""

    post: StoredPost
    pubs: Mapping[int, Publication]
    shown: Sequence[Shown]
    versions: Sequence[tuple[str, Post]]  # oldest first
    carriers: Sequence[Carrier]
    known: Context

    def able(self, core: Core, kind: RecallKind) -> rules.Able:
        """Whether an account's platform can do it through its interface."""
        wanted = Withdraws if kind is RecallKind.WITHDRAW else Corrects
        abilities: dict[type, bool] = {}  # asked once each: a protocol takes its time to answer

        def asked(one: Carrier) -> bool:
            try:
                adapter = core.platforms.adapter(self.known.roster.accounts[one.account])
            except UsageError:  # its settings are wrong: a person can do it all the same
                return False
            kind_of = type(adapter)
            if kind_of not in abilities:
                abilities[kind_of] = isinstance(adapter, wanted)
            return abilities[kind_of]

        return asked


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What an order would reach, before it is given."""

    post: StoredPost
    steps: Sequence[NewStep]
    doubtful: Sequence[str]  # accounts with a match nobody has decided yet

    def count(self, *standings: Standing, by_bot: bool | None = None) -> int:
        """How many steps begin at one of these."""
        return sum(
            step.carrier.standing in standings and by_bot in (None, step.carrier.by_bot)
            for step in self.steps
        )


async def survey(conn: Connection, post: str, aim: str = "") -> Survey:
    """What is known of a post; `aim` is the version everything is compared with, else the last.

    Raises UsageError when there is no such post.
    """
    stored = (await posts.some_posts(conn, [post])).get(post)
    if stored is None:
        raise UsageError(
            _("There is no post {post}. `bot publications list` shows their ids.").format(post=post)
        )
    aim = aim or stored.content_hash
    pubs = await publications.of_posts(conn, [post])
    shown = await recalls.shown(conn, post)
    versions = (await posts.versions(conn, [post])).get(post, [])
    texts = forms(versions)
    known = await contexts.load(conn, pubs, versions={aim})
    return Survey(
        post=stored,
        pubs={pub.id: pub for pub in pubs},
        shown=shown,
        versions=versions,
        carriers=[*_own(pubs, shown, texts, aim), *_found(pubs, shown, texts)],
        known=known,
    )


def _own(
    pubs: Sequence[Publication],
    shown: Sequence[Shown],
    versions: Forms,
    aim: str,
) -> list[Carrier]:
    items = {one.publication: one for one in shown if one.publication is not None}
    made = []
    for pub in pubs:
        item = items.get(pub.id)
        one = rules.of_publication(pub, gone=item is not None and item.deleted_at is not None)
        if item is not None:
            read = carried(item.text, versions) if item.text else ""
            one = replace(
                one,
                item=item.id,
                version=aim if read == aim else one.version,
                seen_at=_seen_at(item),
            )
        made.append(one)
    return made


def _found(pubs: Sequence[Publication], shown: Sequence[Shown], versions: Forms) -> list[Carrier]:
    """Reprints that belong to no publication of the post: a person made them."""
    own = {pub.id for pub in pubs}
    return [
        Carrier(
            target=f"i{one.id}",
            account=one.account,
            unit=one.unit,
            platform=one.platform,
            standing=Standing.PUBLIC if one.deleted_at is None else Standing.GONE,
            item=one.id,
            version=(carried(one.text, versions) if one.text else "") or one.version,
            follows=bool(one.repost_of),
            url=one.url,
            seen_at=_seen_at(one),
        )
        for one in shown
        if one.publication not in own
    ]


def _seen_at(item: Shown) -> datetime | None:
    # A mass send stays in the platform's statistics after it was deleted.
    return None if item.notified else item.last_seen_at


async def foresee(core: Core, post: str, kind: RecallKind) -> Reach:
    """What an order would reach. Raises UsageError where it makes no sense."""
    async with core.ledger.read() as conn:
        found = await survey(conn, post)
        await _refuse(conn, found, kind)
        doubtful = await recalls.doubtful(conn, post)
    steps = _wanted(core, found, kind, found.post.content_hash)
    return Reach(post=found.post, steps=steps, doubtful=doubtful)


async def _refuse(conn: Connection, found: Survey, kind: RecallKind) -> None:
    earlier = await recalls.every(conn, post=found.post.id)
    over = [one for one in earlier if one.kind is RecallKind.WITHDRAW]
    if over:
        raise UsageError(
            _(
                "{post} was withdrawn already, by {by}. `bot recalls show {id}` tells how far "
                "that is."
            ).format(post=found.post.id, by=over[0].by, id=over[0].id)
        )
    if kind is RecallKind.CORRECT and not _outdated(found):
        raise UsageError(
            _(
                "Nothing public carries another version of {post} than the calendar's. Correct "
                "the text in the calendar first and take it over with `bot plan --apply`."
            ).format(post=found.post.id)
        )


def _outdated(found: Survey) -> bool:
    aim = found.post.content_hash
    return any(
        one.standing in {Standing.PUBLIC, Standing.UNDER_WAY} and one.version != aim
        for one in found.carriers
    )


async def order(core: Core, post: str, kind: RecallKind, *, reason: str, by: str) -> Recall:
    """Gives the order; when it returns, nothing of a withdrawn post that was not sent will be.

    A correction that lacks a review begins once it has it. Raises UsageError where the order makes
    no sense, or when somebody has given it already.
    """
    now = core.clock.now()
    made: list[journal.Event] = []
    async with core.ledger.write() as conn:
        await recalls.lock(conn, post)
        found = await survey(conn, post)
        await _refuse(conn, found, kind)
        recall = await recalls.order(
            conn,
            post,
            kind,
            reason=reason,
            by=by,
            content_hash=found.post.content_hash,
            now=now,
        )
        await _end_earlier(conn, recall, now)
        if not await _lacks_review(core, conn, recall, found):
            wanted = _wanted(core, found, kind, recall.content_hash)
            await recalls.add_steps(conn, recall, wanted, now)
        await journal.apply(conn, _calls_off(recall, found.pubs.values(), now), now, made)
    core.journal.tell(made)
    log.info("recall.ordered", recall=recall.id, post=post, kind=kind.value)
    return recall


async def _lacks_review(core: Core, conn: Connection, recall: Recall, found: Survey) -> bool:
    """True for a correction to a text that may not be public yet, by whosever hand."""
    if recall.kind is not RecallKind.CORRECT:
        return False
    return await lacks_review(core, conn, found.post, recall.content_hash)


async def _end_earlier(conn: Connection, recall: Recall, now: datetime) -> None:
    """A correction ends with a later one, and with the withdrawal."""
    earlier = [one.id for one in await recalls.every(conn, post=recall.post) if one.id != recall.id]
    for step in await recalls.steps(conn, earlier):
        if step.state in LIVING:
            change = rules.over(step, StepState.NEEDLESS, "superseded", None, by=recall.by)
            await recalls.change(conn, change, now)


def _wanted(
    core: Core, found: Survey, kind: RecallKind, aim: str, known: Collection[str] = ()
) -> list[NewStep]:
    """The steps that are lacking, told where an account's form is the same in both versions."""
    carriers = [one for one in found.carriers if one.target not in known]
    if kind is RecallKind.CORRECT:
        carriers = [replace(one, same_form=_same_form(core, found, one, aim)) for one in carriers]
    return rules.wanted(kind, aim, carriers, found.able(core, kind))


def _same_form(core: Core, found: Survey, one: Carrier, aim: str) -> bool:
    if one.publication is None or one.standing is not Standing.PUBLIC:
        return False
    pub = found.pubs[one.publication]
    return pub.content_hash != aim and contexts.same_form(core, found.known, pub, aim)


def _calls_off(recall: Recall, pubs: Collection[Publication], now: datetime) -> list[Move]:
    """What keeps everything that was not sent from ever being sent."""
    if recall.kind is not RecallKind.WITHDRAW:
        return []
    steps = ((pub, _off(pub, recall, now)) for pub in pubs)
    return [Move(publication=pub.id, step=step) for pub, step in steps if step is not None]


def _off(pub: Publication, recall: Recall, now: datetime) -> Step | None:
    by, word = recall.by, "withdrawn"
    standing = rules.of_publication(pub).standing
    if standing is Standing.UNDER_WAY:
        if pub.withdrawn == word:
            return None
        if pub.state in IN_FLIGHT:
            return transitions.call_off(reason=word, by=by)
        return transitions.call_off_in_doubt(reason=word, by=by, now=now)
    if pub.state in {State.PUBLISHED, State.CANCELLED}:
        return None
    note = blocked_note(pub)
    return transitions.cancel(reason=word, by=by, text=recall.reason, wanted=note)


@dataclass(frozen=True, kw_only=True)
class _News:
    """What has become of one recall."""

    new: Sequence[NewStep]
    changes: Sequence[Change]
    moves: Sequence[Move]

    def __bool__(self) -> bool:
        return bool(self.new or self.changes or self.moves)


async def sweep(core: Core, *, finished: bool = True) -> int:
    """Brings all steps up to what the ledger knows by now; returns how many changed.

    Writes nothing where there is nothing new. `finished`: also recalls with nothing open, which
    only another reading, import or match can open again.
    """
    now = core.clock.now()
    async with core.ledger.read() as conn:
        due = await recalls.in_force(conn, now - WATCHED if finished else None)
        due = [one for one in due if await _news(core, conn, one, now)]
    changed = 0
    for recall in due:
        made: list[journal.Event] = []
        async with core.ledger.write() as conn:
            await recalls.lock(conn, recall.post)
            news = await _news(core, conn, recall, now)
            await recalls.add_steps(conn, recall, news.new, now)
            for change in news.changes:
                changed += await recalls.change(conn, change, now)
            await journal.apply(conn, news.moves, now, made)
        core.journal.tell(made)
        changed += len(news.new)
    return changed


async def _news(core: Core, conn: Connection, recall: Recall, now: datetime) -> _News:
    found = await survey(conn, recall.post, recall.content_hash)
    steps = await recalls.steps(conn, [recall.id])
    known = {step.target for step in steps}
    latest = (await recalls.every(conn, post=recall.post))[0].id == recall.id
    begun = latest and not await _lacks_review(core, conn, recall, found)
    new = _wanted(core, found, recall.kind, recall.content_hash, known) if begun else []
    return _News(
        new=new,
        changes=_changes(core, recall, found, steps, now),
        moves=_calls_off(recall, found.pubs.values(), now),
    )


def _changes(
    core: Core, recall: Recall, found: Survey, steps: Sequence[RecallStep], now: datetime
) -> list[Change]:
    carriers = {one.target: one for one in found.carriers}
    by_item = {one.account for one in found.carriers if one.publication is None}
    able = found.able(core, recall.kind)
    changes = (
        rules.advance(
            recall, step, carriers[step.target], able, now, elsewhere=step.account in by_item
        )
        for step in steps
        if step.target in carriers
    )
    return [change for change in changes if change is not None]


def carried_out(recall: Recall, step: RecallStep, *, by: str = "") -> list[Move]:
    """What the publication's own history is told of it."""
    if step.publication is None:
        return []
    if recall.kind is RecallKind.WITHDRAW:
        told = afterwards.take_down(recall=recall.id, by=by)
    else:
        told = afterwards.correct(content_hash=recall.content_hash, recall=recall.id, by=by)
    return [Move(publication=step.publication, step=told)]
