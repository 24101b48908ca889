"""A form that came when its session was over: kept until its author is back, and then sent again.

A form of another site must never come back as one of ours. So it is kept only with a token that
we gave to a session, and comes back only to the person whose session that was. No cookie is
needed for that: a browser drops it when it is closed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from bot.domain.people import Person
from bot.engine import tasks
from bot.i18n import N_, _
from bot.ledger import people, posts
from bot.ledger.connection import Connection
from bot.schedule import headings
from bot.schedule.wishes import ARTICLE
from bot.web.desk.fields import Fields
from bot.web.pages import render

if TYPE_CHECKING:
    from bot.web.desk.site import Desk

# Secrets are typed once more: no page shows one again.
_NEVER_KEPT = re.compile(r"(?:csrf|old|password|again)$|secret\.")
# What a field is called where it is typed; the fields of a post are called as in the calendar.
_LABELS: Mapping[str, str] = {
    "at": N_("Public since (empty: just now)"),
    "name": N_("Name"),
    "note": N_("Note (needed for a refusal)"),
    "reason": N_("Why"),
    "text": N_("What was done"),
    "url": N_("Public link of the post"),
}
_OF_POSTS = frozenset({"key-items", "posts", "reviews"})  # what follows is the post's id
_EDITED = frozenset({"edit", "new"})
_PART = re.compile(r"key\.\w|more\.[0-9]\.\w|variants\.\w+\.\w", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A form, whose it is, and where it goes."""

    path: str  # below our root
    by: str  # login
    fields: Mapping[str, list[str]]


async def keep(desk: Desk, request: web.Request, fields: Fields) -> Kept | None:
    """What was typed into a page of ours; None for any other form."""
    session = desk.opened("csrf", fields.one("csrf"))
    if not session:
        return None
    async with desk.core.ledger.read() as conn:
        author = await people.owner(conn, session)
    if author is None:
        return None
    typed = fields.plain()
    return Kept(
        path=request.raw_path.partition("?")[0].lstrip("/"),
        by=author.login,
        fields={name: values for name, values in typed.items() if not _NEVER_KEPT.match(name)},
    )


def seal(desk: Desk, kept: Kept) -> str:
    """The form as a hidden field of the login page."""
    return desk.sealed("kept", json.dumps(vars(kept), ensure_ascii=False))


def unseal(desk: Desk, sealed: str) -> Kept | None:
    """The form back; None for what we have not sealed."""
    text = desk.opened("kept", sealed)
    return Kept(**json.loads(text)) if text else None


async def page(desk: Desk, kept: Kept, *, up: int, who: Person, csrf: str) -> web.Response:
    """The form, to be sent once more by its author."""
    async with desk.core.ledger.read() as conn:
        about = await _title(conn, kept.path, who)
    shown = [(_label(kept, name), "\n".join(values)) for name, values in kept.fields.items()]
    return render(
        "desk/kept",
        up=up,
        path=kept.path,
        about=about,
        fields=[(name, value) for name, values in kept.fields.items() for value in values],
        shown=[(label, text) for label, text in shown if label and text],
        csrf=csrf,
    )


def _label(kept: Kept, field: str) -> str:
    """What its page calls a field that people type into; "" for any other."""
    parts = kept.path.split("/")
    if parts[0] == "posts" and parts[-1] in _EDITED:
        keys = ["body"] if field == ARTICLE else field.split(".")
        known = keys[0] in headings.POST or _PART.match(field)
        return headings.heading_of(keys) if known else ""
    if field == "text" and kept.fields.get("said") == ["declined"]:
        return _("Why not (needed to decline)")
    return _(_LABELS[field]) if field in _LABELS else ""


async def _title(conn: Connection, path: str, who: Person) -> str:
    """The title of the post it is about; "" where it is about none this person may see."""
    first, name, *_rest = [*path.split("/"), ""]
    if first == "tasks":
        task = await tasks.find_task(conn, name)
        return task.title if task and who.only_unit in {"", task.unit} else ""
    if first not in _OF_POSTS or who.only_unit:
        return ""
    found = await posts.some_posts(conn, [name])
    return found[name].title if name in found else ""
