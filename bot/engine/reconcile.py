"""Looks at what was sent: lost answers, and publications the platform still reviews. Read-only.

Nothing here leads back to `commit` except a `find` that says "not there" long enough after it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.contract import Adapter, Capabilities, Finding, Pending, Receipt
from bot.domain import transitions
from bot.domain.message import Message
from bot.domain.post import Variant
from bot.domain.publication import MAX_COMMITS, Publication, State, key_after
from bot.domain.quota import READ, Budget, budgets_of
from bot.domain.retry import backoff, next_commit, next_look
from bot.domain.step import Step
from bot.engine import context as contexts
from bot.engine import leases, outcome
from bot.engine.context import Context
from bot.engine.ports import Core
from bot.errors import AuthFailed, Gone, PlatformError, RateLimited, Rejected, UsageError
from bot.ledger import publications, roster
from bot.ledger.budgets import open_purse
from bot.ledger.connection import Connection
from bot.ledger.journal import Move
from bot.ledger.store import check_version
from bot.logs import get_logger, working_on

log = get_logger(__name__)
_FEW_LOOKS = 3  # an old row is not given up after one failed look
_LOOKED_AT = frozenset({State.UNKNOWN, State.PENDING})


class Reconciler:
    """Handles the `look` messages of a queue."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._gate = leases.Gate(core.options)

    async def __call__(self, message: Message) -> None:
        """Looks for each publication of the batch once and records what it found."""
        lease = secrets.token_hex(8)
        until = self._core.clock.now() + timedelta(seconds=self._core.options.lease_s)
        async with self._core.ledger.write() as conn:
            await check_version(conn)
            pubs = await publications.take(conn, message.ids, _LOOKED_AT, lease=lease, until=until)
            known = await contexts.load(conn, pubs)
            await self._count(conn, pubs, known)
        async with leases.kept(self._core, [pub.id for pub in pubs], lease):
            await leases.by_account(self._gate, pubs, lambda pub: self._guarded(pub, known, lease))

    async def _count(self, conn: Connection, pubs: Sequence[Publication], known: Context) -> None:
        """Counts looks where the platform counts them with the readings, before they are made.

        None is refused: a look ends a doubt, while what is not read today is read tomorrow. So
        readings give way to looks, and both leave publishing its own share.
        """
        counted = {pub.account: self._counted(pub, known) for pub in pubs}
        every = {budget for budgets in counted.values() for budget in budgets}
        now = self._core.clock.now()
        purse = await conn.run(lambda c: open_purse(c, counted, every, now))
        for pub in pubs:
            purse.count(pub.account, counted[pub.account])
        await conn.run(purse.save)

    def _counted(self, pub: Publication, known: Context) -> list[Budget]:
        try:
            can = contexts.capabilities_of(self._core, known, pub)
        except UsageError:  # no adapter any more: said with this one's look, not in the others' way
            return []
        reading = budgets_of(can.budgets, READ, known.account(pub).kind)
        return [budget for budget in reading if budget.looks]

    async def _guarded(self, pub: Publication, known: Context, lease: str) -> None:
        with working_on(pub):
            try:
                await self._one(pub, known, lease)
            except Exception:
                # Not recorded: the lease runs out and it is looked at again.
                log.exception("publication.not_recorded")

    async def _one(self, pub: Publication, known: Context, lease: str) -> None:
        account = known.account(pub)
        capabilities = contexts.capabilities_of(self._core, known, pub)
        began = self._core.clock.now()
        try:
            adapter = self._core.platforms.adapter(account, by_hand=pub.by_hand)
            variant = contexts.variant_of(self._core, known, pub)
            found = await self._find(adapter, pub, variant)
        except AuthFailed as error:
            # An authorisation that failed while looking never leads back to commit.
            async with self._core.ledger.write() as conn:
                await roster.pause(conn, account.id, str(error))
            step = self._later(pub, outcome.facts(error))
        except Gone as error:
            step = transitions.fail(reason="gone", error=error.facts())
        except Rejected as error:
            # A review refused it; or the look itself was refused, and the post may be public.
            sure = pub.state is State.PENDING or bool(pub.pending)
            # Under the old key the platform would only tell of the refused message again.
            key = key_after(pub.key) if sure and pub.method in capabilities.idempotent else ""
            step = transitions.fail(
                reason="rejected",
                error=error.facts(),
                doubt_since=None if sure else pub.doubt_since or pub.committed_at,
                key=key,
                by_hand=outcome.fallback(pub, error, self._core.clock.now()) if sure else None,
            )
        except RateLimited as error:
            step = self._later(pub, error.facts(), at=error.retry_at)
        except PlatformError as error:
            step = self._undecided(pub, capabilities.finding, error.facts())
        except Exception as error:
            log.exception("publication.look_failed", publication=pub.id)
            step = self._undecided(pub, capabilities.finding, outcome.facts(error))
        else:
            step = self._decide(pub, found, variant, capabilities, began)
        step = self._bounded(pub, step, capabilities.pending_limit_s)
        # A wish noted meanwhile must not be overwritten; it is looked at again then.
        wish = pub.wanted if "wanted" in step.changes else None
        move = Move(publication=pub.id, step=step, lease=lease, wish=wish)
        await self._core.journal.apply(move, now=self._core.clock.now())

    async def _find(
        self, adapter: Adapter, pub: Publication, variant: Variant
    ) -> Receipt | Pending | None:
        return await adapter.find(
            variant,
            replace(contexts.checkpoint_of(pub), ready=True),
            key=pub.key,
            pending=Pending(ref=pub.pending) if pub.pending else None,
        )

    def _decide(
        self,
        pub: Publication,
        found: Receipt | Pending | None,
        variant: Variant,
        can: Capabilities,
        began: datetime,
    ) -> Step:
        """What a look that began at `began` comes to."""
        now = self._core.clock.now()
        if isinstance(found, Receipt):
            return outcome.published(found, variant)
        if isinstance(found, Pending):
            if pub.state is State.UNKNOWN or dict(found.ref) != dict(pub.pending):
                return transitions.pend(found.ref, poll_at=next_look(0, now, found.poll_s))
            return self._later(pub, {})
        if pub.state is State.PENDING or can.finding is not Finding.SURE:
            return self._undecided(pub, can.finding, {})
        return self._absent(pub, can, began)

    def _absent(self, pub: Publication, can: Capabilities, began: datetime) -> Step:
        """It is not there now. May it be sent again?"""
        last = pub.committed_at or began
        settling_s = self._core.options.call_s + can.settle_s
        unwatched_s = settling_s - self._core.clock.steady_s()
        if unwatched_s > 0:
            # The clock was set, or this process is new: the call may be younger than it seems, and
            # even be under way still.
            return self._later(pub, {}, at=began + timedelta(seconds=unwatched_s))
        # The call may have run until its own end; only then does the platform's delay begin.
        settled_at = last + timedelta(seconds=settling_s)
        may_at = max(settled_at, next_commit(pub.commits, last, pub.not_after))
        now = self._core.clock.now()
        if began < min(may_at, max(settled_at, pub.not_after)):
            # When it may be sent again is one question, when to look again another: it may turn
            # up at any moment.
            return self._later(
                pub, {}, at=min(may_at, max(settled_at, next_look(pub.finds + 1, now)))
            )
        withdrawn = pub.withdrawn and pub.method in can.idempotent
        if withdrawn or outcome.key_is_no_help(pub, can):
            # It could be asked for again, but it shall not go, or not so: then "not there" is no
            # proof, for the earlier call may still be under review.
            return self._later(pub, {})
        if pub.reason == outcome.DUPLICATE:
            return self._ask(pub, "platform_says_duplicate")
        if _key_forgotten(pub, can, began):
            return self._ask(pub, "key_forgotten")
        if pub.commits >= MAX_COMMITS:
            return self._ask(pub, "too_many_commits")
        return transitions.not_there(looked_at=now)

    def _ask(self, pub: Publication, why: str) -> Step:
        # Whatever was accepted or lost: a person's retry must say that it is not public.
        return transitions.ask_person(why=why, doubt_since=pub.doubt_since or pub.committed_at)

    def _undecided(self, pub: Publication, finding: Finding, error: Mapping[str, object]) -> Step:
        now = self._core.clock.now()
        waited = now - (pub.committed_at or now)
        if (
            pub.state is State.UNKNOWN
            and finding is Finding.NEVER
            and waited.total_seconds() >= self._core.options.never_found_s
        ):
            return self._ask(pub, "platform_cannot_tell")
        return self._later(pub, error)

    def _later(
        self, pub: Publication, error: Mapping[str, object], at: datetime | None = None
    ) -> Step:
        now = self._core.clock.now()
        finds = pub.finds + 1
        poll_at = at if at is not None and at > now else next_look(finds, now)
        if error and at is None:
            poll_at = max(poll_at, backoff(finds, now))
        return transitions.poll_later(poll_at=poll_at, finds=finds, error=error or pub.error)

    def _bounded(self, pub: Publication, step: Step, pending_limit_s: int) -> Step:
        """Every wait has an end: after the limit a person must look."""
        if step.name != "publication.looked" or pub.committed_at is None:
            return step
        limit_s = (
            self._core.options.unknown_limit_s if pub.state is State.UNKNOWN else pending_limit_s
        )
        waited = self._core.clock.now() - pub.committed_at
        if waited < timedelta(seconds=limit_s) or pub.finds < _FEW_LOOKS:
            return step
        return self._ask(pub, "no_answer_in_time")


def _key_forgotten(pub: Publication, can: Capabilities, now: datetime) -> bool:
    """True when the platform no longer knows the key that kept the call from working twice."""
    if pub.method not in can.idempotent or pub.doubt_since is None:
        return False
    return now - pub.doubt_since > outcome.key_life(can)
