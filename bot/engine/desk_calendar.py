"""What the desk's calendar shows: posts by time, each with how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.publication import State
from bot.engine.desk_today import BAD, Line
from bot.ledger import agenda, posts
from bot.ledger.agenda import Share
from bot.ledger.connection import Connection
from bot.ledger.posts import StoredPost

TROUBLE = "trouble"  # as a state to look for: whatever did not go out as it should
_UNSENT = frozenset(
    {State.PLANNED, State.HELD, State.WAITING, State.MISSED, State.CANCELLED}
)  # and nobody is about to send it, or has a package of it


@dataclass(frozen=True, kw_only=True)
class Entry(Line):
    """A post of the calendar."""

    column: str
    file: str

    @property
    def movable(self) -> bool:
        """True while nothing of it is out, or on its way."""
        return bool(self.counts) and set(self.counts) <= _UNSENT


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which posts are to be shown; "" asks for all."""

    unit: str = ""
    platform: str = ""
    column: str = ""
    state: str = ""  # one of `State`, or `TROUBLE`


async def between(
    conn: Connection, since: datetime, until: datetime, wanted: Wanted
) -> list[Entry]:
    """The posts planned in [since, until), by time."""
    if wanted.state == TROUBLE:
        ids = await agenda.in_trouble(conn, since, until, unit=wanted.unit)
        stored = list((await posts.some_posts(conn, ids)).values())
        stored.sort(key=lambda one: (one.due_at, one.id))
    else:
        stored = await posts.between(conn, since, until)
    stored = [one for one in stored if wanted.column in {"", one.column}]
    found = await _shares(conn, stored, wanted)
    return [
        entry
        for post in stored
        if post.id in found
        for entry in [_entry(post, found[post.id])]
        if _fits(entry, wanted)
    ]


async def one(conn: Connection, post: StoredPost, *, unit: str = "") -> Entry:
    """One post, as the calendar would show it."""
    shares = await agenda.of_posts(conn, [post.id], unit=unit)
    return _entry(post, shares)


async def _shares(
    conn: Connection, stored: Sequence[StoredPost], wanted: Wanted
) -> Mapping[str, Sequence[Share]]:
    """Post → how far it is; without those that do not concern the unit asked for."""
    ids = [post.id for post in stored]
    found: dict[str, list[Share]] = {} if wanted.unit else {name: [] for name in ids}
    for share in await agenda.of_posts(conn, ids, unit=wanted.unit) if ids else ():
        found.setdefault(share.post, []).append(share)
    return found


def _entry(post: StoredPost, shares: Sequence[Share]) -> Entry:
    return Entry(
        post=post.id,
        title=post.title,
        key_item=post.key_item,
        at=post.due_at,
        shares=tuple(shares),
        column=post.column,
        file=post.file,
    )


def _fits(entry: Entry, wanted: Wanted) -> bool:
    if wanted.platform and wanted.platform not in entry.platforms:
        return False
    if wanted.state == TROUBLE:
        return bool(entry.count(*BAD, State.HELD))
    return not wanted.state or bool(entry.count(State(wanted.state)))
