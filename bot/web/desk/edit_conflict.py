"""Two people have changed the same post: both versions side by side, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web

from bot.i18n import _
from bot.ledger import roster
from bot.schedule.entries import Entry
from bot.schedule.wishes import ARTICLE
from bot.web.desk import post_form
from bot.web.desk.fields import Fields
from bot.web.desk.post_form import Values
from bot.web.desk.visit import Visit

_PICK = "pick."


async def page(visit: Visit, values: Values, now: Entry, base: str) -> web.Response:
    """What was typed and what stands in the file, field by field where they differ.

    `base` are the marks of what the form was filled with: who changed a field alone is right.
    """
    theirs = post_form.shown(now)
    changed = post_form.changed_since(base, theirs)
    mine = post_form.changed_since(base, values)
    async with visit.core.ledger.read() as conn:
        units = {one.id: one.short for one in (await roster.load(conn)).units.values()}
    rows = [
        {
            "name": name,
            "label": post_form.label(name, units),
            "mine": values.get(name, ""),
            "theirs": theirs.get(name, ""),
            "both": name in changed and name in mine,
            "take": "theirs" if name in changed and name not in mine else "mine",
        }
        for name in sorted(post_form.differing(values, theirs), key=_place)
    ]
    return visit.render(
        "conflict",
        status=409,
        title=_("Changed by somebody else meanwhile"),
        post=now.id,
        place=str(now.place),
        seen_version=now.version,
        base=post_form.marks(theirs),
        rows=rows,
        hidden=list(_hidden(values)),
        gone=False,
    )


def gone(visit: Visit, values: Values, post: str) -> web.Response:
    """The entry was taken out of the calendar; it can be put in again."""
    if ARTICLE in values:  # then it gets a file of its own, beside the one that is left
        values = {name: text for name, text in values.items() if name != "body"}
    return visit.render(
        "conflict",
        status=409,
        title=_("Taken out by somebody else meanwhile"),
        post=post,
        place="",
        seen_version="",
        base="",
        rows=[
            {"label": post_form.label(name, {}), "mine": values[name], "both": False}
            for name in sorted(values, key=_place)
        ],
        hidden=[*_hidden(values), ("id", post)],
        gone=True,
    )


def decided(fields: Fields, values: Values, now: Entry) -> Values:
    """What was typed, with what stands in the file where that was chosen."""
    if fields.one("do") == "mine":
        return values
    theirs, made = post_form.shown(now), dict(values)
    for name in fields.plain():
        if name.startswith(_PICK) and fields.one(name) == "theirs":
            field = name.removeprefix(_PICK)
            made.pop(field, None)
            if field in theirs:
                made[field] = theirs[field]
    return made


def _hidden(values: Values) -> Iterator[tuple[str, str]]:
    for name, text in values.items():
        for one in text.split("\n") if name == "accounts" else [text]:
            yield name, one


def _place(name: str) -> tuple[int, str]:
    first = ("title", "day", "time", "accounts", "column", "topic", "article", "text", "digest")
    return (first.index(name) if name in first else len(first)), name
