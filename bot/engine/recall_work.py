"""Carries recalls out: asks the platforms, and looks afterwards whether it shows.

Everything here may be repeated. A step is worked on under a lease; when the power fails it comes
up again once the lease has run out, and the platform is asked once more.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.contract import Capabilities, Corrects, Item, Receipt, Withdraws
from bot.domain import recall as rules
from bot.domain.publication import Publication
from bot.domain.quota import READ, budgets_of
from bot.domain.recall import Change, How, Recall, RecallKind, RecallStep, StepState
from bot.domain.retry import backoff
from bot.engine import context as contexts
from bot.engine import outcome
from bot.engine.context import Context
from bot.engine.ports import Core
from bot.engine.recalling import Survey, carried_out, survey, sweep
from bot.engine.review_gate import lacks_review
from bot.engine.side_by_side import side_by_side
from bot.errors import AuthFailed, BotError, Gone, MediaError, RateLimited, Rejected, UsageError
from bot.i18n import _
from bot.ledger import budgets, items, journal, recalls
from bot.ledger.recalls import Shown
from bot.logs import get_logger

log = get_logger(__name__)
LEASE = timedelta(minutes=10)  # a correction may bring a video along
LOOK_AFTER = timedelta(seconds=90)  # what was taken down may be listed for a moment
_LIMIT = 100
_TRIES = 8  # then a person is asked; with growing gaps that is about three hours
_LOOKS = 4  # that tell nothing, until the platform's own word must do
_OVERLAP = timedelta(minutes=10)
_REVIEWED = timedelta(minutes=10)  # between looks whether a correction may go on
# When the bot looks whether a person has done it; after ten days their word alone ends it.
_WATCH = timedelta(hours=6)
_WATCHES = 40


class Fate(StrEnum):
    """What a listing says of one item."""

    THERE = "there"
    GONE = "gone"
    UNSURE = "unsure"


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One step with all that is needed to work on it."""

    step: RecallStep
    recall: Recall
    found: Survey
    unreviewed: bool  # a correction to a version that was refused since, or needs more by now
    item: Shown | None
    more: Sequence[Shown]  # the further articles of its push

    @property
    def pub(self) -> Publication | None:
        return self.found.pubs.get(self.step.publication or 0)

    @property
    def known(self) -> Context:
        return self.found.known


async def work_due(core: Core, *, finished: bool = True) -> int:
    """Brings recalls up to date and does what is due; returns how many steps were worked on.

    Without `finished` it is meant to be called about every minute, with it after each reading.
    Several processes share the work.
    """
    await sweep(core, finished=finished)
    worked = 0
    while claimed := await _claim(core):
        lease, steps = claimed
        worked += len(steps)
        await _all(core, steps, lease)
        await sweep(core, finished=False)
    return worked


async def _claim(core: Core) -> tuple[str, list[RecallStep]] | None:
    now, lease = core.clock.now(), secrets.token_hex(8)
    async with core.ledger.read() as conn:
        due = await recalls.next_due(conn)
    if due is None or due > now:
        return None  # without taking the ledger's write lock
    async with core.ledger.write() as conn:
        steps = await recalls.claim(conn, now, lease=lease, until=now + LEASE, limit=_LIMIT)
    return (lease, steps) if steps else None


async def _all(core: Core, steps: Sequence[RecallStep], lease: str) -> None:
    """Accounts side by side, each account's steps after each other."""
    lines: dict[str, list[RecallStep]] = defaultdict(list)
    for step in steps:
        lines[step.account].append(step)
    gate = asyncio.Semaphore(core.options.concurrency)

    async def one(line: Sequence[RecallStep]) -> None:
        async with gate:
            for step in line:
                await _guarded(core, step, lease)

    await side_by_side(one(line) for line in lines.values())


async def _guarded(core: Core, step: RecallStep, lease: str) -> None:
    try:
        job = await _job(core, step)
        if job is not None:
            await _work(core, job, lease)
    except Exception:  # the lease runs out and it is tried again
        log.exception("recall.step_failed", step=step.id, account=step.account)


async def _job(core: Core, step: RecallStep) -> _Job | None:
    async with core.ledger.read() as conn:
        recall = await recalls.get(conn, step.recall)
        if recall is None:
            return None
        found = await survey(conn, recall.post, recall.content_hash)
        unreviewed = await lacks_review(core, conn, found.post, recall.content_hash)
        item = next((one for one in found.shown if _belongs(one, step)), None)
        more = await recalls.push(conn, item) if item is not None and item.by_bot else []
    unreviewed = unreviewed and recall.kind is RecallKind.CORRECT
    return _Job(step=step, recall=recall, found=found, unreviewed=unreviewed, item=item, more=more)


def _belongs(item: Shown, step: RecallStep) -> bool:
    if step.publication is not None:
        return item.publication == step.publication
    return item.id == step.item


async def _work(core: Core, job: _Job, lease: str) -> None:
    asking = job.step.how is How.AUTO and job.step.state is StepState.OPEN
    if asking and job.unreviewed:
        change = _later(job, core.clock.now() + _REVIEWED, looks=_looks(job))
    elif asking:
        change = await _carry_out(core, job)
    else:
        change = await _look(core, job)
    made: list[journal.Event] = []
    now = core.clock.now()
    async with core.ledger.write() as conn:
        if await recalls.change(conn, change, now, lease=lease) and _is_carried_out(change):
            await journal.apply(conn, carried_out(job.recall, job.step), now, made)
    core.journal.tell(made)


def _is_carried_out(change: Change) -> bool:
    return change.name in {"taken_down", "corrected"}


# ── asking the platform ───────────────────────────────────────────────────────────────────────


async def _carry_out(core: Core, job: _Job) -> Change:
    """Asks once; what came of it."""
    try:
        await _ask(core, job)
    except Gone:
        return rules.over(job.step, StepState.NEEDLESS, "gone", core.clock.now())
    except Exception as error:
        return _after_error(job, error, core.clock.now())
    now = core.clock.now()
    attempts = job.step.attempts + 1
    if job.recall.kind is RecallKind.CORRECT:
        told = {"corrected_at": now.isoformat(), "by": "platform"}
        change = rules.over(job.step, StepState.DONE, "corrected", now, evidence=told)
        return replace(change, columns={**change.columns, "attempts": attempts, "error": {}})
    evidence = {**job.step.evidence, "taken_down_at": now.isoformat(), "looks": 0}
    return Change(
        step=job.step.id,
        was=job.step.state,
        name="taken_down",
        columns={
            "state": StepState.DOING.value,
            "attempts": attempts,
            "next_at": now + LOOK_AFTER,
            "lease": None,
            "error": {},
            "evidence": evidence,
        },
    )


async def _ask(core: Core, job: _Job) -> None:
    assert job.pub is not None
    adapter = core.platforms.adapter(job.known.account(job.pub))
    receipt = _receipt(job.pub, job.item, job.more)
    if not (receipt.platform_id or receipt.ref):
        # A person confirmed it by its link. Platforms answer "gone" for a name they do not know.
        raise UsageError(_("It is known by its link alone, so it cannot be named to the platform."))
    if job.recall.kind is RecallKind.WITHDRAW and isinstance(adapter, Withdraws):
        await adapter.withdraw(receipt)
    elif job.recall.kind is RecallKind.CORRECT and isinstance(adapter, Corrects):
        aim = replace(job.pub, content_hash=job.recall.content_hash)
        variant = contexts.variant_of(core, job.known, aim)
        await adapter.correct(receipt, variant, contexts.checkpoint_of(job.pub))
    else:
        raise UsageError(_("This platform is not able to do it any more."))


def _receipt(pub: Publication, item: Shown | None, more: Sequence[Shown]) -> Receipt:
    """The proof it was published with, as far as the ledger keeps it."""
    assert pub.published_at is not None
    listed = item.platform_id if item is not None and item.platform_id != item.url else ""
    return Receipt(
        platform_id=pub.platform_id or listed,
        url=pub.url,
        published_at=pub.published_at,
        push_id=item.push_id if item else "",
        notified=item.notified if item else False,
        more=tuple(_further(one) for one in more),
        ref=pub.pending,
    )


def _further(one: Shown) -> Receipt:
    return Receipt(
        platform_id=one.platform_id,
        url=one.url,
        published_at=one.published_at,
        push_id=one.push_id,
        notified=one.notified,
    )


def _after_error(job: _Job, error: BaseException, now: datetime) -> Change:
    """A refusal goes to a person; everything else is tried again, and in the end as well."""
    facts = outcome.facts(error)
    log.warning("recall.not_carried_out", step=job.step.id, account=job.step.account, **facts)
    attempts = job.step.attempts + 1
    refused = isinstance(error, Rejected | AuthFailed | UsageError | MediaError)
    mistake = not isinstance(error, BotError)
    if refused or mistake or attempts >= _TRIES:
        change = rules.to_person(job.step, facts, next_at=now + rules.FIRST_WATCH)
        return replace(change, columns={**change.columns, "attempts": attempts})
    until = backoff(attempts, now)
    if isinstance(error, RateLimited):
        attempts, until = job.step.attempts, backoff(4, now)
        if error.retry_at is not None and error.retry_at > now:
            until = error.retry_at
    return Change(
        step=job.step.id,
        was=job.step.state,
        name="put_off",
        columns={"attempts": attempts, "next_at": until, "lease": None, "error": facts},
        facts={"until": until.isoformat(), "error": facts},
    )


# ── looking whether it shows ──────────────────────────────────────────────────────────────────


async def _look(core: Core, job: _Job) -> Change:
    """What the account shows now; for a step of a person, whether they have done it."""
    now = core.clock.now()
    can = core.platforms.capabilities(job.known.roster.accounts[job.step.account])
    if job.item is None or not can.recent:
        return _seen(job, Fate.UNSURE, now)
    try:
        until, listed = await _listed(core, job, can, now)
    except Exception as error:  # the account's own trouble; the step stays what it is
        log.warning("recall.not_looked", step=job.step.id, **outcome.facts(error))
        return _seen(job, Fate.UNSURE, now)
    if until is not None:
        return _later(job, until, looks=_looks(job))
    fate = fate_of(job.item, listed, can)
    same = [one for one in listed if _is(job.item, one)]
    async with core.ledger.write() as conn:
        if fate is Fate.THERE:  # it may have been corrected
            await items.upsert(conn, job.step.account, same, now)
        elif fate is Fate.GONE:
            ids = [job.item.id, *(one.id for one in job.more)]
            await recalls.gone(conn, ids, now, vanished=not any(one.deleted for one in same))
    return _seen(job, fate, now)


async def _listed(
    core: Core, job: _Job, can: Capabilities, now: datetime
) -> tuple[datetime | None, list[Item]]:
    """One reading of the account, counted like any; or when the reading quota is whole again."""
    account = job.known.roster.accounts[job.step.account]
    assert job.item is not None
    wanted = budgets_of(can.budgets, READ, account.kind)
    async with core.ledger.write() as conn:
        purse = await conn.run(lambda c: budgets.open_purse(c, {account.id}, wanted, now))
        until = purse.spend(account.id, wanted)
        if until is not None:
            return until, []
        await conn.run(purse.save)
    since = job.item.published_at - _OVERLAP
    return None, [one async for one in core.platforms.adapter(account).recent(since)]


def fate_of(item: Shown, listed: Sequence[Item], can: Capabilities) -> Fate:
    """Whether an account's listing back to before the item shows it."""
    same = next((one for one in listed if _is(item, one)), None)
    if same is not None and same.deleted:
        return Fate.GONE
    if can.recent_lag_s and item.notified:
        # Such platforms list a mass send from statistics, which keep what was deleted.
        return Fate.UNSURE
    if same is not None:
        return Fate.THERE
    if can.recent_limit and len(listed) >= can.recent_limit:
        # The last one listed decides: an old one may be pinned on top.
        return Fate.UNSURE if listed[-1].published_at > item.published_at else Fate.GONE
    # An item a person reported by its link alone may be listed under another one.
    return Fate.UNSURE if item.platform_id == item.url else Fate.GONE


def _is(item: Shown, one: Item) -> bool:
    return one.platform_id == item.platform_id or (bool(item.url) and one.url == item.url)


def _looks(job: _Job) -> int:
    count = job.step.evidence.get("looks", 0)
    return count if isinstance(count, int) else 0


def _seen(job: _Job, fate: Fate, now: datetime) -> Change:
    looks = _looks(job) + 1
    if fate is Fate.GONE and job.recall.kind is RecallKind.WITHDRAW:
        told = {"seen_gone_at": now.isoformat()}
        return rules.over(job.step, StepState.DONE, "seen_gone", now, evidence=told)
    if job.step.how is How.TASK:
        return _later(job, now + _WATCH, looks=looks)
    if fate is Fate.THERE:
        return _still_there(job, now)
    if looks >= _LOOKS:
        return rules.over(job.step, StepState.DONE, "platform_says_so", now)
    return _later(job, backoff(looks + 1, now), looks=looks)


def _still_there(job: _Job, now: datetime) -> Change:
    """The platform said yes and shows it all the same: asked again, and at last a person."""
    if job.step.attempts >= _TRIES:
        facts = {"why": "still_there"}
        return rules.to_person(job.step, facts, next_at=now + rules.FIRST_WATCH)
    columns: Mapping[str, object] = {
        "state": StepState.OPEN.value,
        "next_at": backoff(job.step.attempts, now),
        "lease": None,
    }
    return Change(step=job.step.id, was=job.step.state, name="still_there", columns=columns)


def _later(job: _Job, until: datetime, *, looks: int) -> Change:
    """Looked at again then; a person's step not for ever."""
    given_up = job.step.how is How.TASK and looks >= _WATCHES
    return Change(
        step=job.step.id,
        was=job.step.state,
        name="",
        columns={
            "next_at": None if given_up else until,
            "lease": None,
            "evidence": {**job.step.evidence, "looks": looks},
        },
    )
