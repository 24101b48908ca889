"""What the desk's page of one post tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.post import Post
from bot.domain.publication import Publication, State
from bot.domain.recall import LIVING, Recall
from bot.domain.roster import Roster
from bot.engine import context as contexts
from bot.engine import reviewing
from bot.engine.desk_calendar import Entry
from bot.engine.desk_calendar import one as entry_of
from bot.engine.ports import Core
from bot.engine.reviewing import Case
from bot.ledger import people, post_history, posts, publications, recalls, roster
from bot.ledger.connection import Connection
from bot.ledger.post_history import Changed, Happened
from bot.ledger.posts import StoredPost, decode

EVENTS = 100  # at once


@dataclass(frozen=True, kw_only=True)
class PostView:
    """One post with everything that belongs to it, as far as a unit may see it."""

    stored: StoredPost
    line: int | None  # of its file
    content: Post  # its newest version
    entry: Entry
    pubs: Sequence[Publication]  # by the roster's order
    members: Roster
    events: Sequence[Happened]  # the newest first
    changes: Sequence[Changed]
    recalls: Sequence[tuple[Recall, int, int]]  # with its open steps, and all
    case: Case | None
    names: Mapping[str, str]  # login → who that is

    def pub(self, key: str) -> Publication | None:
        """One of its publications."""
        return next((one for one in self.pubs if str(one.id) == key), None)


async def view(
    core: Core, post: str, *, unit: str, members: Roster, before: int | None = None
) -> PostView | None:
    """The post; None when there is none, or nothing of it concerns the unit.

    `members` as they were known a moment ago; asked for again where one is lacking.
    """
    async with core.ledger.read() as conn:
        stored = (await posts.some_posts(conn, [post])).get(post)
        if stored is None:
            return None
        pubs = [one for one in await publications.of_posts(conn, [post]) if unit in {"", one.unit}]
        if unit and not pubs:
            return None
        if not {one.account for one in pubs} <= members.accounts.keys():
            members = await roster.load(conn)
        order = {name: place for place, name in enumerate(members.accounts)}
        found = [] if unit else await reviewing.cases(core, conn, done=True, post=post)
        bodies = await publications.bodies(conn, {stored.content_hash})
        return PostView(
            stored=stored,
            line=await post_history.line_of(conn, post),
            content=decode(bodies[stored.content_hash]),
            entry=await entry_of(conn, stored, unit=unit),
            pubs=sorted(pubs, key=lambda one: order[one.account]),
            members=members,
            events=await post_history.events_of(
                conn, post, unit=unit, before=before, limit=EVENTS + 1
            ),
            changes=[] if unit else await post_history.changes_of(conn, post),
            recalls=[] if unit else await _recalls(conn, post),
            case=found[0] if found else None,
            names={one.login: one.name for one in await people.everybody(conn)},
        )


async def _recalls(conn: Connection, post: str) -> list[tuple[Recall, int, int]]:
    found = await recalls.every(conn, post=post)
    steps = await recalls.steps(conn, [one.id for one in found])
    return [
        (
            one,
            sum(step.recall == one.id and step.state in LIVING for step in steps),
            sum(step.recall == one.id for step in steps),
        )
        for one in found
    ]


async def form_of(
    core: Core, post: str, account: str
) -> tuple[contexts.Context, Publication] | None:
    """One publication with what is needed to draw it; None when there is none.

    What was not sent is drawn as it would go out by now, all else as it was sent.
    """
    async with core.ledger.read() as conn:
        pub = await publications.by_post_and_account(conn, post, account)
        if pub is None:
            return None
        stored = (await posts.some_posts(conn, [post]))[post]
        if pub.state in {State.PLANNED, State.HELD, State.WAITING}:
            pub = replace(pub, content_hash=stored.content_hash)
        return await contexts.load(conn, [pub]), pub
