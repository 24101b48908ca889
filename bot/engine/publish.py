"""Publishes a batch: prepare, grant, commit once, record what came of it.

Read every line between `grant` and the recording of the outcome as if the power failed after it:
the row then says `sending`, the lease runs out, and `find` settles it (bot/engine/reconcile.py).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.contract import Adapter, Capabilities, Checkpoint, Pending, Receipt
from bot.domain import transitions
from bot.domain.admission import admit, look_at, look_first, needs_look, wait_for_embargo
from bot.domain.message import Message
from bot.domain.post import Variant
from bot.domain.publication import Hold, Publication, State
from bot.domain.quota import Budget, budgets_of
from bot.domain.review import Review
from bot.domain.step import Step
from bot.engine import context as contexts
from bot.engine import leases, outcome, surroundings
from bot.engine.context import Context
from bot.engine.ports import Core
from bot.engine.review_gate import in_force
from bot.engine.surroundings import Surroundings
from bot.errors import AuthFailed, BotError, StaleLease
from bot.i18n import _
from bot.ledger import journal, publications, roster
from bot.ledger.journal import Applied, Move, Refusal
from bot.ledger.store import check_version
from bot.logs import get_logger, said, working_on

log = get_logger(__name__)
_MAX_STEPS = 200  # steps of one preparation; more than a platform's pictures per article


class _NotWritten(Exception):
    """The ledger could not take a step: nothing that the post or its account can help."""


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One publication under this worker's lease."""

    pub: Publication
    variant: Variant
    adapter: Adapter
    capabilities: Capabilities
    account_kind: str
    lease: str


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """What the publications of one message share."""

    around: Surroundings
    known: Context
    lease: str
    # What the platform took, on its way into the ledger. The account's next post does not wait
    # for it: its grant is written later, or in the same transaction.
    records: list[tuple[Publication, asyncio.Future[list[Applied]]]] = field(default_factory=list)


class Publisher:
    """Handles the `publish` messages of a queue; one instance serves any number of batches."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._gate = leases.Gate(core.options)
        self.stopping = False  # set: what has not begun is given back, what has is finished

    async def __call__(self, message: Message) -> None:
        """Works the batch off: accounts side by side, each account's posts in their order.

        Raises LedgerError when the ledger is of another version by now.
        """
        lease = secrets.token_hex(8)
        async with self._core.ledger.write() as conn:
            await check_version(conn)
            pubs = await publications.take(
                conn, message.ids, {State.QUEUED}, lease=lease, until=self._lease_until()
            )
            ids = {pub.post for pub in pubs}
            review = await in_force(self._core, conn)
            around = await surroundings.load(conn, ids, review)
            known = await contexts.load(conn, pubs, members=around.roster)
        batch = _Batch(around=around, known=known, lease=lease)
        async with leases.kept(self._core, [pub.id for pub in pubs], lease):
            await leases.by_account(self._gate, pubs, lambda pub: self._guarded(pub, batch))
            for pub, recorded in batch.records:
                await self._finish(pub, recorded)

    def _lease_until(self) -> datetime:
        return self._core.clock.now() + timedelta(seconds=self._core.options.lease_s)

    async def _guarded(self, pub: Publication, batch: _Batch) -> None:
        with working_on(pub):
            try:
                await self._one(pub, batch)
            except StaleLease:
                log.info("publication.lease_lost")
            except _NotWritten as error:
                # The row stays as it is, under a lease that runs out; the others go on.
                log.error("publication.not_recorded", error=str(error))
            except Exception:  # as above
                log.exception("publication.not_recorded")

    async def _finish(self, pub: Publication, recorded: asyncio.Future[list[Applied]]) -> None:
        with working_on(pub):
            try:
                if not (await recorded)[0].ok:
                    log.info("publication.lease_lost")
            except Exception:  # as above
                log.exception("publication.not_recorded")

    async def _one(self, pub: Publication, batch: _Batch) -> None:
        now, known, lease = self._now, batch.known, batch.lease
        if self.stopping:
            await self._apply(pub, transitions.give_back(now=now, why="stopping"), lease)
            return
        if outcome.key_is_no_help(pub, contexts.capabilities_of(self._core, known, pub)):
            await self._apply(pub, look_first(pub, now), lease)
            return
        refusal = admit(pub, batch.around.standing(pub, now))
        if refusal is not None:
            await self._apply(pub, refusal, lease, wish=pub.wanted)
            return
        try:
            job = self._job(pub, known, lease)
            done = await self._prepare(job)
        except (StaleLease, _NotWritten):
            raise
        except Exception as error:
            await self._after_error(pub, error, outcome.after_prepare(pub, error, self._now), lease)
            return
        if not job.capabilities.publishes:
            await self._hand_off(job, done)
        elif (sent := await self._send(job, done)) is not None:
            move = Move(publication=pub.id, step=sent, lease=lease)
            batch.records.append((pub, self._core.journal.submit(move, now=self._now)))

    def _job(self, pub: Publication, known: Context, lease: str) -> _Job:
        account = known.account(pub)
        return _Job(
            pub=pub,
            variant=contexts.variant_of(self._core, known, pub),
            adapter=self._core.platforms.adapter(account, by_hand=pub.by_hand),
            capabilities=contexts.capabilities_of(self._core, known, pub),
            account_kind=account.kind,
            lease=lease,
        )

    @property
    def _review(self) -> Review:
        return self._core.options.review

    @property
    def _now(self) -> datetime:
        return self._core.clock.now()

    async def _hand_off(self, job: _Job, done: Checkpoint) -> None:
        step = transitions.hand_off(package=done.data.get("package", ""), fallback=job.pub.fallback)
        move = Move(
            publication=job.pub.id, step=step, lease=job.lease, gated=True, review=self._review
        )
        given = (await self._core.journal.apply(move, now=self._now))[0]
        if not given.ok:
            await self._not_granted(job, given)

    async def _prepare(self, job: _Job) -> Checkpoint:
        """Uploads and drafts, each step kept in the ledger as soon as it is done."""
        done = contexts.checkpoint_of(job.pub)
        for _step in range(_MAX_STEPS):
            further = await job.adapter.prepare(job.variant, done)
            if further.data != done.data:
                await self._apply(job.pub, transitions.save_checkpoint(further.data), job.lease)
            if further.ready:
                return further
            done = further
        raise BotError(_("The preparation of {post} does not end.").format(post=job.pub.post))

    async def _send(self, job: _Job, done: Checkpoint) -> Step | None:
        """The step that records what the platform took; None when all is recorded already."""
        pub, began = job.pub, self._now
        if needs_look(pub, began):
            # Preparing took its time, and the last "not there" is stale by now. What was prepared
            # is kept, so the next round is quick.
            await self._apply(pub, look_first(pub, began), job.lease)
            return None
        granted = await self._grant(job, began)
        if not granted.ok:
            await self._not_granted(job, granted)
            return None
        # The lease outlives the call, so nobody looks for the post while it may still appear.
        # Wall time, like the lease: a machine that slept finds the time used up.
        # A clock set back meanwhile gives no more of it. Nor is there a call on a look that has
        # grown stale while the grant was written: what shows late may be there by now.
        left_s = self._core.options.call_s - max((self._now - began).total_seconds(), 0.0)
        if left_s <= 0 or needs_look(pub, self._now):
            await self._apply(pub, outcome.too_late(pub, self._now), job.lease)
            return None
        try:
            async with asyncio.timeout(left_s):
                result: Receipt | Pending = await job.adapter.commit(job.variant, done, key=pub.key)
        except Exception as error:
            step = outcome.after_commit(pub, error, began, self._now)
            await self._after_error(pub, error, step, job.lease)
            return None
        if isinstance(result, Receipt):
            return outcome.published(result, job.variant)
        return outcome.after_commit(pub, result, began, self._now)

    async def _grant(self, job: _Job, now: datetime) -> Applied:
        """Asks for the one permission to send; what bars it is checked with it."""
        step = transitions.grant(
            now=now,
            lease=job.lease,
            lease_until=now + timedelta(seconds=self._core.options.lease_s),
            commits=job.pub.commits + 1,
            method=job.pub.method,
        )
        move = Move(
            publication=job.pub.id,
            step=step,
            lease=job.lease,
            budgets=budgets_for(job.capabilities, job.pub, job.account_kind),
            gated=True,
            review=self._review,
        )
        return (await self._core.journal.apply(move, now=now))[0]

    async def _not_granted(self, job: _Job, granted: Applied) -> None:
        pub, now = job.pub, self._now
        if granted.refusal is Refusal.FROZEN:
            step = transitions.hold(Hold.FROZEN, look_at=look_at(Hold.FROZEN, pub, now))
            await self._apply(pub, step, job.lease)
        elif granted.refusal is Refusal.UNREVIEWED:
            step = transitions.hold(Hold.REVIEW, look_at=look_at(Hold.REVIEW, pub, now))
            await self._apply(pub, step, job.lease)
        elif granted.refusal is Refusal.EMBARGO:
            assert granted.until is not None
            await self._apply(pub, wait_for_embargo(pub, granted.until), job.lease)
        elif granted.refusal is Refusal.SPENT:
            assert granted.until is not None
            step = transitions.wait(
                until=min(granted.until, pub.not_after),
                reason="quota",
                attempts=pub.attempts,
                commits=pub.commits,
                error={"message": "quota", "until": granted.until.isoformat()},
            )
            await self._apply(pub, step, job.lease)
        else:
            raise StaleLease(str(pub.id))

    async def _after_error(
        self, pub: Publication, error: Exception, step: Step, lease: str
    ) -> None:
        now = self._now
        log.warning(
            "publication.error",
            next=step.name,
            **{f"error_{key}": value for key, value in outcome.facts(error).items()},
        )
        if isinstance(error, AuthFailed):
            made: list[journal.Event] = []
            async with self._core.ledger.write() as conn:
                await roster.pause(conn, pub.account, str(error))
                move = Move(publication=pub.id, step=step, lease=lease)
                await journal.apply(conn, [move], now, made)
            self._core.journal.tell(made)
            return
        # A wish noted meanwhile must not be overwritten.
        await self._apply(pub, step, lease, pub.wanted if "wanted" in step.changes else None)

    async def _apply(
        self,
        pub: Publication,
        step: Step,
        lease: str,
        wish: Mapping[str, Any] | None = None,
    ) -> None:
        move = Move(publication=pub.id, step=step, lease=lease, wish=wish, review=self._review)
        try:
            applied = (await self._core.journal.apply(move, now=self._now))[0]
        except Exception as error:
            raise _NotWritten(said(error)) from error
        if not applied.ok:
            raise StaleLease(str(pub.id))


def budgets_for(
    capabilities: Capabilities, pub: Publication, account_kind: str
) -> tuple[Budget, ...]:
    """The quotas one commit of this publication spends."""
    return budgets_of(capabilities.budgets, pub.method.value, account_kind)
