"""A person says whether an article carries a key item, and that stands.

Most often about a doubtful match; but the rules can be wrong where they are sure, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.numbers import DIGITS
from bot.domain.publication import Publication, State
from bot.engine import carried
from bot.engine.ports import Core
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import items, publications, verdicts
from bot.ledger.connection import Connection
from bot.ledger.posts import some_posts
from bot.ledger.verdicts import Match

REPRINTED, DOUBTFUL, NO = "reprinted", "doubtful", "no"


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What a person's decision came to."""

    match: Match
    pub: Publication | None  # what is planned of the key item on that account, as it stands now

    @property
    def was_cancelled(self) -> bool:
        """True when the bot will not send it because it was taken for carried by hand."""
        pub = self.pub
        return pub is not None and pub.state is State.CANCELLED and pub.reason == "carried_by_hand"


async def matches(core: Core, *, post: str | None = None, decided: bool = False) -> list[Match]:
    """Those that wait for a person, with `decided` also those a person has decided.

    Of one `post` those the rules are sure of as well, for they can be wrong.

    Raises UsageError when there is no such post.
    """
    async with core.ledger.read() as conn:
        if post is not None and not await some_posts(conn, [post]):
            raise UsageError(_("There is no post {post}.").format(post=post))
        return await verdicts.to_decide(conn, post=post, decided=decided)


async def history(core: Core, number: int) -> Sequence[Match]:
    """All verdicts about one match, the one in force last; raises UsageError for no match."""
    async with core.ledger.read() as conn:
        return await _history(conn, number)


async def confirm(core: Core, number: int, *, by: str) -> Decided:
    """The article carries the key item: counts as reprinted, and ends what was planned."""
    return await _decide(core, number, REPRINTED, by=by, reason="")


async def refuse(core: Core, number: int, *, by: str, reason: str) -> Decided:
    """The article is something else; what was made of a confirmation is taken back."""
    if not reason.strip():
        raise UsageError(_("Say why with --reason: the decision stands against later readings."))
    return await _decide(core, number, NO, by=by, reason=reason.strip())


async def _decide(core: Core, number: int, decision: str, *, by: str, reason: str) -> Decided:
    now = core.clock.now()
    async with core.ledger.write() as conn:
        current = (await _history(conn, number))[-1]
        _check(current, decision)
        made = await verdicts.decide(conn, current, decision, by=by, reason=reason, now=now)
        if made is None:
            message = _("Match {number} was decided at this very moment. Look at it again.")
            raise UsageError(message.format(number=number))
        row = await items.get(conn, current.item)
        if decision == REPRINTED:
            told = await carried.take_over(conn, row, current.post, now, by=by)
        else:
            told = await carried.take_back(conn, row, current.post, now, by=by, reason=reason)
        pub = await publications.by_post_and_account(conn, current.post, current.account)
        decided = (await _history(conn, made))[-1]
    core.journal.tell(told)
    return Decided(match=decided, pub=pub)


async def _history(conn: Connection, number: int) -> Sequence[Match]:
    found = await verdicts.history_of(conn, number) if len(str(number)) <= DIGITS else []
    if not found:
        message = _("There is no match {number}. `bot matches list --all` shows them.")
        raise UsageError(message.format(number=number))
    return found


def _check(current: Match, decision: str) -> None:
    """Raises UsageError where there is nothing (more) to decide."""
    if current.decided_by and current.decision == decision:
        message = (
            _("Match {number} was confirmed already, by {name}.")
            if decision == REPRINTED
            else _("Match {number} was refused already, by {name}.")
        )
        raise UsageError(message.format(number=current.number, name=current.decided_by))
    if current.decision == decision:
        message = (
            _("Match {number} is not doubtful: by the rules it counts as a reprint.")
            if decision == REPRINTED
            else _("Match {number} is not doubtful: by the rules it is no reprint.")
        )
        raise UsageError(message.format(number=current.number))
    if current.deleted_at is not None:
        message = _("The article of match {number} has been deleted: nothing is left to decide.")
        raise UsageError(message.format(number=current.number))
