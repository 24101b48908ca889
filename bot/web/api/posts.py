"""/posts: the calendar as the ledger has it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.numbers import row_number
from bot.engine import shapes
from bot.engine.shapes import Json, iso
from bot.i18n import N_
from bot.ledger import listing, posts, publications
from bot.ledger.posts import StoredPost
from bot.web.api.asked import Paged, Within
from bot.web.api.declared import Asked, Call, Told, get
from bot.web.api.faults import missing
from bot.web.api.publications import PublicationTold

_UNTOLD = ("consent", "place", "reviewer")  # grounds and places within the office's files


class PostTold(Told):
    """One entry of the calendar; `publications` counts them by state."""

    id: str
    title: str
    due_at: datetime
    column: str
    topic: str
    file: str
    version: str
    key_item: bool
    deadline: datetime | None
    first_release: datetime | None
    removed: bool
    publications: dict[str, int]


class PostsTold(Told):
    """A page of the list; "" in `next` at its end."""

    posts: list[PostTold]
    next: str


class WholePostTold(Told):
    """One entry with what it says and where it goes."""

    post: PostTold
    content: dict[str, Any]
    publications: list[PublicationTold]


class PostsAsked(Paged, Within):
    """A period, a page of it."""


def _shape(post: StoredPost, states: dict[str, int], call: Call) -> Json:
    return {
        "id": post.id,
        "title": post.title,
        "due_at": iso(post.due_at, call.zone),
        "column": post.column,
        "topic": post.topic,
        "file": post.file,
        "version": post.content_hash,
        "key_item": post.key_item,
        "deadline": iso(post.deadline_at, call.zone),
        "first_release": iso(post.first_release_at, call.zone),
        "removed": post.removed,
        "publications": states,
    }


async def list_(call: Call, asked: PostsAsked) -> Json:
    """By planned time; of this month, if nothing else is asked for."""
    span, skip = asked.span(call.now, call.zone), min(row_number(asked.after) or 0, 10**9)
    async with call.core.ledger.read() as conn:
        found = await listing.some_posts(
            conn, span.since, span.until, skip=skip, limit=asked.limit + 1
        )
        states = await listing.states_of(conn, [post.id for post in found])
    more = len(found) > asked.limit
    return {
        "posts": [_shape(post, states.get(post.id, {}), call) for post in found[: asked.limit]],
        "next": str(skip + asked.limit) if more else "",
    }


async def one(call: Call, _asked: Asked) -> Json:
    """With its newest text."""
    name = call.part("post")
    async with call.core.ledger.read() as conn:
        stored = (await posts.some_posts(conn, [name])).get(name)
        if stored is None:
            raise missing()
        states = await listing.states_of(conn, [name])
        bodies = await publications.bodies(conn, {stored.content_hash})
        pubs = await publications.search(conn, post=name)
    content = bodies.get(stored.content_hash, {})
    return {
        "post": _shape(stored, states.get(name, {}), call),
        "content": {key: value for key, value in content.items() if key not in _UNTOLD},
        "publications": [shapes.publication(pub, call.zone) for pub in pubs],
    }


ENDPOINTS = (
    get("/posts", list_, PostsTold, N_("The calendar by planned time"), takes=PostsAsked),
    get("/posts/{post}", one, WholePostTold, N_("One post, its text and its publications")),
)
