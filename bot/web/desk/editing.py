"""/posts/new and /posts/{post}/edit: a post is written and changed, into its own calendar file."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.domain import review_words
from bot.domain.people import Right
from bot.domain.problem import has_errors
from bot.domain.review import Said
from bot.engine import editing, reviewing
from bot.engine.editing import Looked
from bot.engine.reviewing import Case
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import posts
from bot.schedule import entries, saving
from bot.schedule.entries import Conflict, Entry, NotSaved
from bot.schedule.proposing import ids_for
from bot.schedule.saving import Saved
from bot.schedule.wishes import Wish
from bot.web.desk import checked, edit_conflict, edit_preview, post_form
from bot.web.desk.edit_choices import choices
from bot.web.desk.fields import Fields
from bot.web.desk.post_form import Values
from bot.web.desk.routes import get, post
from bot.web.desk.visit import Visit, wants_json
from bot.web.following import follow

_GIVEN = ("title", "day", "time", "column", "slot")  # what a link to a new post may fill in


# ── the form ──────────────────────────────────────────────────────────────────────────────────


async def show_new(visit: Visit) -> web.StreamResponse:
    """An empty form."""
    values = {name: visit.query(name)[:200] for name in _GIVEN if visit.query(name)}
    known = (await visit.members()).accounts if visit.query("account") else {}
    if accounts := [name for name in visit.query("account").split(",") if name in known]:
        values["accounts"] = "\n".join(accounts)
    return await page(visit, values, None)


async def show_edit(visit: Visit) -> web.StreamResponse:
    """The form with what stands in the file."""
    entry = await read_entry(visit, visit.part("post"))
    return await page(visit, post_form.shown(entry), entry)


async def read_entry(visit: Visit, name: str) -> Entry:
    """The entry as it stands in its file. Ends the visit where there is none."""
    try:
        return await _entry(visit, name)
    except NotSaved as error:
        return visit.missing(str(error))


async def _entry(visit: Visit, name: str) -> Entry:
    root = visit.desk.settings.office.schedules
    return await asyncio.to_thread(entries.entry, root, name, zone=visit.zone.key)


async def page(
    visit: Visit,
    values: Values,
    entry: Entry | None,
    *,
    found: Sequence[Mapping[str, Any]] = (),
    forced: str = "",
    status: int = 200,
) -> web.Response:
    """The form with these values, `found` told at its fields.

    `forced` says what happens if it is saved all the same; "" when it cannot be.
    """
    at_fields: dict[str, list[Mapping[str, Any]]] = {}
    for one in found:
        at_fields.setdefault(one["field"], []).append(one)
    article = entry.article if entry is not None else None
    locked = article is not None and article.raw is not None and not article.encoding
    offered = await choices(visit, values)
    return visit.render(
        "edit",
        status=status,
        title=values.get("title") or _("New post"),
        values=defaultdict(str, values),
        chosen=values.get("accounts", "").split("\n"),
        entry=entry,
        action=f"posts/{quote(entry.id, safe='')}/edit" if entry is not None else "posts/new",
        base=post_form.marks(post_form.shown(entry)) if entry is not None else "",
        lent={name: text for name, text in (entry.lent if entry else {}).items() if _short(text)},
        lent_accounts=_names((entry.lent if entry else {}).get("accounts")),
        locked=article.path if article is not None and locked else "",
        found=found,
        at_fields=at_fields,
        forced=forced,
        choices=offered,
        differing={
            name.split(".")[1] for name in {*values, *at_fields} if name.startswith("variants.")
        },
        label=lambda name: post_form.label(name, offered.units),
        review=await _review(visit, entry),
    )


def _short(value: object) -> bool:
    return isinstance(value, str) and len(value) < 200


def _names(value: object) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else ""


async def _review(visit: Visit, entry: Entry | None) -> Mapping[str, Any] | None:
    """How far the review of what stands in the file is; None where there is none."""
    case = await reviewing.case(visit.core, entry.id) if entry is not None else None
    if case is None:
        return None
    said = [
        (review_words.level(one.level), review_words.said(one.said) if one.said else "")
        for one in case.levels
    ]
    return {"said": said, "approved": _some_approved(case)}


def _some_approved(case: Case) -> bool:
    return any(one.said is Said.APPROVED for one in case.levels)


# ── saving ────────────────────────────────────────────────────────────────────────────────────


async def save_new(visit: Visit) -> web.StreamResponse:
    """Adds a post to the calendar."""
    fields = await visit.fields()
    values = post_form.typed(fields)
    if fields.one("do") == "edit":
        return await page(visit, values, None)
    there = await _there(visit, post_form.wish(values, None)) if "id" not in values else None
    if there is not None:
        message = _("The same post, of this time and title, is in the calendar already.")
        found = checked.refused(NotSaved(f"{message} ({there.id})", field="title"), values)
        return await page(visit, values, None, found=found, status=422)
    return await _save(visit, values, None, None, fields)


async def save_edit(visit: Visit) -> web.StreamResponse:
    """Saves what was changed, unless somebody else has changed the entry meanwhile."""
    fields, name = await visit.fields(), visit.part("post")
    values, seen = post_form.typed(fields), fields.one("seen_version")
    try:
        entry = await _entry(visit, name)
    except NotSaved as error:
        if error.passing:
            return visit.message(409, _("Not saved"), str(error))
        return edit_conflict.gone(visit, values, name)
    if entry.version != seen:
        if not post_form.differing(values, post_form.shown(entry)):
            return visit.go(f"posts/{quote(name, safe='')}?done=saved")  # sent twice
        return await edit_conflict.page(visit, values, entry, fields.one("base"))
    values = edit_conflict.decided(fields, values, entry)
    if fields.one("do") == "edit":
        return await page(visit, values, entry)
    return await _save(visit, values, entry, seen, fields)


async def _save(
    visit: Visit, values: Values, entry: Entry | None, seen: str | None, fields: Fields
) -> web.StreamResponse:
    wish = post_form.wish(values, entry)
    if fields.one("do") != "anyway":
        looked = await checked.look(visit, wish)
        found = checked.told(looked, values)
        if checked.has_errors(found):
            forced = _forced(looked, entry)
            return await page(visit, values, entry, found=found, forced=forced, status=422)
    before = await reviewing.case(visit.core, entry.id) if entry is not None else None
    was = await _version(visit, entry.id) if entry is not None else ""
    root, zone = visit.desk.settings.office.schedules, visit.zone.key
    try:
        saved = await editing.save_entry(visit.core, root, wish, seen_version=seen, zone=zone)
    except Conflict as error:
        if error.now is None:
            return edit_conflict.gone(visit, values, wish.post or "")
        return await edit_conflict.page(visit, values, error.now, fields.one("base"))
    except NotSaved as error:
        found = checked.refused(error, values)
        return await page(visit, values, entry, found=found, status=422)
    return await _saved(visit, saved, wish, before, was)


def _forced(looked: Looked, entry: Entry | None) -> str:
    """What becomes of a post that is saved with errors."""
    if looked.checked is None:
        return ""
    if entry is None:
        return _("The file stays readable; the bot holds the post until the errors are gone.")
    return _(
        "The file stays readable; until the errors are gone, the bot goes on with the version "
        "before, if that was good."
    )


async def _there(visit: Visit, wish: Wish) -> Entry | None:
    """The entry that a new post would double: of the same time and title, sent a moment ago."""
    root, zone = visit.desk.settings.office.schedules, visit.zone.key
    try:
        name, *_others = await asyncio.to_thread(ids_for, root, wish, zone)
        found = await _entry(visit, name)
    except NotSaved:
        return None
    return found if found.fields.get("title") == wish.changes.get("title") else None


async def _version(visit: Visit, name: str) -> str:
    """The version of the post that stands in the files; "" where it cannot be read as one."""
    reading = await asyncio.to_thread(visit.desk.app.read, only=name)
    now = next((one for one in reading.posts if one.id == name), None)
    return posts.content_hash(now) if now is not None else ""


async def _saved(
    visit: Visit, saved: Saved, wish: Wish, before: Case | None, was: str
) -> web.Response:
    """Enters it into the log, then has the plan follow, as `bot run` would within seconds.

    The log names the version where it is another one than `was`: who only moved a post has not
    written what it says.
    """
    digest = await _version(visit, saved.post)
    if saved.written:
        changed = [*wish.changes, *(["body"] if wish.article is not None else [])]
        version = {"content_hash": digest} if digest != was else {}
        await visit.noted("post.saved", saved.post, file=saved.file, fields=changed, **version)
    try:
        made = await follow(visit.desk.app, saved.written)
    except UsageError as error:
        message = _("It stands in {file}. The plan does not follow yet: {why}")
        return visit.message(200, _("Saved"), message.format(file=saved.file, why=error))
    void = before is not None and _some_approved(before) and before.content_hash != digest
    async with visit.core.ledger.read() as conn:
        known = await posts.some_posts(conn, [saved.post])
    name = f"posts/{quote(saved.post, safe='')}"
    wrong = has_errors(one for one in made.problems if one.post == saved.post)
    done = "unread" if wrong else "voided" if void else "saved"
    return visit.go(f"{name if known else f'{name}/edit'}?done={done}")


async def remove(visit: Visit) -> web.StreamResponse:
    """Takes the post out of its calendar file; what is not out yet is called off."""
    fields, name = await visit.fields(), visit.part("post")
    root, zone = visit.desk.settings.office.schedules, visit.zone.key
    seen = fields.one("seen_version")
    try:
        saved = await asyncio.to_thread(saving.remove, root, name, seen_version=seen, zone=zone)
    except NotSaved as error:
        return visit.message(409, _("Not taken out"), str(error))
    await visit.noted("post.removed", name, file=saved.file)
    try:
        await follow(visit.desk.app, saved.written)
    except UsageError as error:
        message = _("It was taken out of {file}. The plan does not follow yet: {why}")
        text = message.format(file=saved.file, why=error)
        return visit.message(200, _("Taken out"), text)
    return visit.go("calendar?done=removed")


# ── while one types ───────────────────────────────────────────────────────────────────────────


async def check(visit: Visit) -> web.StreamResponse:
    """What is wrong with what was typed so far; nothing is saved."""
    fields = await visit.fields()
    values = post_form.typed(fields)
    try:
        entry = await _entry(visit, fields.one("post")) if fields.one("post") else None
    except NotSaved as error:
        return web.json_response({"found": checked.refused(error, values), "stale": True})
    looked = await checked.look(visit, post_form.wish(values, entry))
    stale = entry is not None and entry.version != fields.one("seen_version")
    return web.json_response({"found": checked.told(looked, values), "stale": stale})


async def preview(visit: Visit) -> web.StreamResponse:
    """What readers will see of what was typed so far; as a page, or where a script finds it."""
    fields = await visit.fields()
    values = post_form.typed(fields)
    try:
        entry = await _entry(visit, fields.one("post")) if fields.one("post") else None
        wish = post_form.wish(values, entry)
    except NotSaved as error:
        return edit_preview.answer(edit_preview.fault(fields.one("post"), str(error)))
    drawn = await edit_preview.draw(visit, wish, fields.one("platform"))
    if wants_json(visit.request):
        return web.json_response({"path": edit_preview.keep(visit, drawn)})
    return edit_preview.answer(drawn)


async def show_rule(visit: Visit) -> web.StreamResponse:
    """What a code of the check means, and on what ground."""
    try:
        rule = checked.rule(visit.part("code"))
    except UsageError as error:
        visit.missing(str(error))
    return visit.render("rule", title=_(rule.meaning), rule=rule)


ROUTES = (
    get("/posts/new", show_new, Right.WRITE),
    post("/posts/new", save_new, Right.WRITE),
    post("/posts/check", check, Right.WRITE),
    post("/posts/preview", preview, Right.WRITE),
    get("/posts/preview/{token}", edit_preview.show, Right.WRITE),
    get("/posts/{post}/edit", show_edit, Right.WRITE),
    post("/posts/{post}/edit", save_edit, Right.WRITE),
    post("/posts/{post}/remove", remove, Right.WRITE),
    get("/rules/{code}", show_rule),
)
