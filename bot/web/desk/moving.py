"""Another time for a post: written into its calendar file, and taken over at once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import date, datetime, time, timedelta

from bot.engine import desk_calendar
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import posts
from bot.ledger.posts import StoredPost
from bot.schedule import entries, saving
from bot.web.desk.visit import Visit
from bot.web.following import follow

_FURTHEST = timedelta(days=366 * 2)


async def move(visit: Visit, post: str, *, day: str, at: str, seen: str) -> datetime:
    """Moves the post to a day (2026-05-07), and to a time (10:00) unless it keeps its own.

    `seen` is the time it had on the page it comes from (ISO). Returns its new time. Raises
    UsageError in words; then nothing was changed. Where the plan cannot follow at once, it does
    so as soon as it can: the file says the new time.
    """
    stored = await _movable(visit, post, seen)
    due_at = _moment(visit, stored, day, at)
    root, zone = visit.desk.settings.office.schedules, visit.zone.key
    known = await asyncio.to_thread(entries.entry, root, post, zone=zone)
    saved = await asyncio.to_thread(
        saving.move, root, post, due_at, seen_version=known.version, zone=zone
    )
    was = f"{stored.due_at.astimezone(visit.zone):%Y-%m-%d %H:%M}"
    to = f"{due_at.astimezone(visit.zone):%Y-%m-%d %H:%M}"
    await visit.noted("post.moved", post, file=saved.file, fields=["at"], **{"from": was, "to": to})
    with suppress(UsageError):  # it is saved; `bot run` sees to the rest
        await follow(visit.desk.app, saved.written)
    return due_at


async def _movable(visit: Visit, post: str, seen: str) -> StoredPost:
    async with visit.core.ledger.read() as conn:
        stored = (await posts.some_posts(conn, [post])).get(post)
        if stored is None or stored.removed:
            raise UsageError(_("There is no post {post} in the calendar.").format(post=post))
        entry = await desk_calendar.one(conn, stored)
    if not entry.movable:
        message = _("“{title}” has gone out somewhere, or is about to, so its time stays.")
        raise UsageError(message.format(title=stored.title))
    if seen and seen != stored.due_at.isoformat():
        message = _("“{title}” was moved meanwhile. Look at the calendar again.")
        raise UsageError(message.format(title=stored.title))
    return stored


def _moment(visit: Visit, stored: StoredPost, day: str, at: str) -> datetime:
    try:
        when = time.fromisoformat(at) if at else stored.due_at.astimezone(visit.zone).time()
        due_at = datetime.combine(date.fromisoformat(day), when.replace(tzinfo=None), visit.zone)
    except (ValueError, OverflowError) as error:
        text = f"{day} {at}".strip()[:40]
        message = _("{text} is not a time; write it as 2026-05-07 10:00.").format(text=text)
        raise UsageError(message) from error
    if due_at <= visit.now:
        raise UsageError(_("That time has passed already."))
    if due_at > visit.now + _FURTHEST:
        raise UsageError(_("That is more than two years ahead; look at the year."))
    return due_at
