"""What follows when an item is found to carry a key item, and when that is taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain import transitions
from bot.domain.matching import Verdict
from bot.domain.post import Kind
from bot.domain.publication import Publication, State
from bot.domain.step import PublishedAs, Step, read_time
from bot.ledger import items, journal, publications, verdicts
from bot.ledger.connection import Connection
from bot.ledger.journal import Event, Move

BY_READING = "collect"  # whose word it is when the rules found it
# What the bot has not sent yet and must not send, once the unit carried it by hand.
_NOT_YET = frozenset({State.PLANNED, State.HELD, State.WAITING})


async def take_over(
    conn: Connection, row: Any, post: str, now: datetime, *, by: str = BY_READING
) -> list[Event]:
    """Ends what was planned of `post` on the account of the item `row`, which carries it by hand.

    Does nothing where a person has refused just this match. Returns the events.
    """
    if await verdicts.refused(conn, row.id, post):
        return []
    await items.mark_reprint(conn, row.id)
    pub = await publications.by_post_and_account(conn, post, row.account)
    step = _found_by_hand(pub, row, by) if pub is not None else None
    return await _apply(conn, pub, step, now)


def _found_by_hand(pub: Publication, row: Any, by: str) -> Step | None:
    if pub.state in _NOT_YET | {State.QUEUED} and not pub.commits:
        # One that is just being prepared too: without its lease it is granted nothing.
        return transitions.cancel(reason="carried_by_hand", by="" if by == BY_READING else by)
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
    return transitions.publish(receipt, by=by)


async def take_times(
    conn: Connection, account: str, now: datetime, made: list[Event] | None = None
) -> None:
    """Has the times the platform shows count for reprints of the account that a person reported.

    What a person types may be wrong; what was read of the same post is not. The events go into
    `made`, for `Journal.tell`.
    """
    moves = [
        Move(
            publication=row.id,
            step=read_time(
                PublishedAs(platform_id=row.platform_id, url=row.url, published_at=row.published_at)
            ),
        )
        for row in await items.times_told_otherwise(conn, account)
    ]
    await journal.apply(conn, moves, now, made)


async def take_back(
    conn: Connection, row: Any, post: str, now: datetime, *, by: str, reason: str
) -> list[Event]:
    """The item `row` does not carry `post` after all: what it had ended as published is open again.

    What it had cancelled stays so: a person may have it retried. Returns the events.
    """
    pub = await publications.by_post_and_account(conn, post, row.account)
    if pub is not None and not _rests_on(pub, row):
        pub = None
    return await _open_again(conn, row, pub, now, by=by, reason=reason)


async def lose(conn: Connection, row: Any, verdict: Verdict, now: datetime) -> list[Event]:
    """The rules do not find (surely) any more that the item `row` carries the key item.

    What they alone had ended as published is open again; a person's word and what the bot sent
    stay. Returns the events.
    """
    pub = await publications.by_post_and_account(conn, verdict.post, row.account)
    if pub is not None and not (_rests_on(pub, row) and await _by_reading_alone(conn, pub)):
        pub = None
    if pub is None and (row.publication is not None or row.kind != Kind.REPRINT):
        return []
    return await _open_again(conn, row, pub, now, by=BY_READING, reason="")


def _rests_on(pub: Publication, row: Any) -> bool:
    """Whether it counts as public by the item `row`, and the bot never sent it itself.

    An item that carries two key items names but one publication; its id is in the other's receipt.
    """
    named = pub.id == row.publication or pub.platform_id == row.platform_id
    return pub.state is State.PUBLISHED and not pub.commits and named


async def _by_reading_alone(conn: Connection, pub: Publication) -> bool:
    return await publications.confirmed_by(conn, pub.id) == BY_READING


async def _open_again(
    conn: Connection, row: Any, pub: Publication | None, now: datetime, *, by: str, reason: str
) -> list[Event]:
    step = transitions.unconfirm(by=by, text=reason) if pub is not None else None
    made = await _apply(conn, pub, step, now)
    if not await verdicts.reprints_something(conn, row.id):
        await items.unmark_reprint(conn, row.id)
    elif pub is not None and pub.id == row.publication:
        await items.name_another(conn, row)  # it carries another key item still
    return made


async def _apply(
    conn: Connection, pub: Publication | None, step: Step | None, now: datetime
) -> list[Event]:
    made: list[Event] = []
    if pub is not None and step is not None:
        await journal.apply(conn, [Move(publication=pub.id, step=step)], now, made)
    return made
