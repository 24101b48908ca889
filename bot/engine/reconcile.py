"""Looks at what was sent: lost answers, and publications the platform still reviews. Read-only.

Nothing here leads back to `commit` except a `find` that says "not there" long enough after it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.contract import Adapter, Finding, Pending, Receipt
from bot.domain import transitions
from bot.domain.message import Message
from bot.domain.publication import MAX_COMMITS, Publication, State
from bot.domain.retry import backoff, next_commit, next_look
from bot.domain.transitions import Step
from bot.engine import context as contexts
from bot.engine import outcome
from bot.engine.context import Context
from bot.engine.ports import Core
from bot.errors import AuthFailed, PlatformError, RateLimited, Rejected
from bot.ledger import publications, roster
from bot.ledger.journal import Move
from bot.logs import get_logger

log = get_logger(__name__)
_LOOKED_AT = frozenset({State.UNKNOWN, State.PENDING})


class Reconciler:
    """Handles the `look` messages of a queue."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def __call__(self, message: Message) -> None:
        """Looks for each publication of the batch once and records what it found."""
        lease = secrets.token_hex(8)
        until = self._core.clock.now() + timedelta(seconds=self._core.options.lease_s)
        async with self._core.ledger.write() as conn:
            pubs = await publications.take(conn, message.ids, _LOOKED_AT, lease=lease, until=until)
            known = await contexts.load(conn, pubs)
        for pub in pubs:
            try:
                await self._one(pub, known, lease)
            except Exception:
                # Not recorded: the lease runs out and it is looked at again.
                log.exception("publication.not_recorded", publication=pub.id)

    async def _one(self, pub: Publication, known: Context, lease: str) -> None:
        account = known.account(pub)
        adapter = self._core.platforms.adapter(account, by_hand=pub.by_hand)
        capabilities = contexts.capabilities_of(self._core, known, pub)
        try:
            found = await self._find(adapter, pub, known)
        except AuthFailed as error:
            # An authorisation that failed while looking never leads back to commit.
            async with self._core.ledger.write() as conn:
                await roster.pause(conn, account.id, str(error))
            step = self._later(pub, outcome.facts(error))
        except Rejected as error:
            step = transitions.fail(reason="rejected", error=error.facts())
        except RateLimited as error:
            step = self._later(pub, error.facts(), at=error.retry_at)
        except PlatformError as error:
            step = self._undecided(pub, capabilities.finding, error.facts())
        except Exception as error:
            log.exception("publication.look_failed", publication=pub.id)
            step = self._undecided(pub, capabilities.finding, outcome.facts(error))
        else:
            step = self._decide(pub, found, capabilities.finding, capabilities.settle_s)
        step = self._bounded(pub, step, capabilities.pending_limit_s)
        move = Move(publication=pub.id, step=step, lease=lease)
        await self._core.journal.apply(move, now=self._core.clock.now())

    async def _find(
        self, adapter: Adapter, pub: Publication, known: Context
    ) -> Receipt | Pending | None:
        return await adapter.find(
            contexts.variant_of(self._core, known, pub),
            replace(contexts.checkpoint_of(pub), ready=True),
            key=pub.key,
            pending=Pending(ref=pub.pending) if pub.pending else None,
        )

    def _decide(
        self,
        pub: Publication,
        found: Receipt | Pending | None,
        finding: Finding,
        settle_s: int,
    ) -> Step:
        now = self._core.clock.now()
        if isinstance(found, Receipt):
            return outcome.published(found)
        if isinstance(found, Pending):
            if pub.state is State.UNKNOWN or dict(found.ref) != dict(pub.pending):
                return transitions.pend(found.ref, poll_at=next_look(0, now, found.poll_s))
            return self._later(pub, {})
        if pub.state is State.PENDING or finding is not Finding.SURE:
            return self._undecided(pub, finding, {})
        settled_at = (pub.committed_at or now) + timedelta(seconds=settle_s)
        if now < settled_at:
            return self._later(pub, {}, at=settled_at)
        if pub.commits >= MAX_COMMITS:
            return transitions.fail(reason="too_many_commits", error=pub.error)
        retry_at = min(next_commit(pub.commits, now, pub.not_after), pub.not_after)
        return transitions.not_there(retry_at=retry_at)

    def _undecided(self, pub: Publication, finding: Finding, error: Mapping[str, object]) -> Step:
        now = self._core.clock.now()
        waited = now - (pub.committed_at or now)
        if (
            pub.state is State.UNKNOWN
            and finding is Finding.NEVER
            and waited.total_seconds() >= self._core.options.never_found_s
        ):
            return transitions.ask_person(why="platform_cannot_tell")
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
        if self._core.clock.now() - pub.committed_at < timedelta(seconds=limit_s):
            return step
        return transitions.ask_person(why="no_answer_in_time")
