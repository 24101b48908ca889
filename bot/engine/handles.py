"""A task done by a link: signed, good for one use, and for a time.

Whoever has the link acts as the task's role; who that was is not recorded, only that it was done
by link and from which network address. Looking at a link changes nothing, because chat programs
open links to show a preview.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.domain.tasks import Answer, Said, Task, TaskKind
from bot.engine import task_faults, tasks
from bot.engine.connecting import Sign
from bot.engine.ports import Core
from bot.i18n import _
from bot.ledger import handles, publications
from bot.ledger.connection import Connection
from bot.ledger.handles import Handle

PATH = "/t/"
LONGEST = timedelta(days=7)  # a reminder brings a new one
# Under each mark, so that what was signed for one purpose opens nothing else.
_LINK = "task link"
_FORM = "task form"
_FORM_LIFE = timedelta(hours=12)


class Fate(StrEnum):
    """What a link is good for."""

    OPEN = "open"
    USED = "used"  # it, or another link of its task; `Link.handle` says for what and when
    EXPIRED = "expired"
    ENDED = "ended"  # the task ended otherwise
    STRANGE = "strange"  # we never made it


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link as it stands now."""

    fate: Fate
    handle: Handle | None = None  # None: STRANGE
    task: Task | None = None  # only of one that is OPEN
    faults: Mapping[str, str] = field(default_factory=dict)  # of an answer: field → what is wrong
    done: bool = False  # just now, by this very call


@dataclass(frozen=True, kw_only=True)
class NewLink:
    """A link that is signed and good for nothing before it is entered."""

    url: str
    nonce: str
    task: str
    unit: str
    issued_at: datetime
    expires_at: datetime


def new_link(task: Task, *, public_url: str, sign: Sign, now: datetime) -> NewLink:
    """A new link for the task, good until the task's end or for a week; `enter` it."""
    expires_at = min(task.until or now + LONGEST, now + LONGEST)
    nonce = secrets.token_hex(12)
    text = f"{task.id}.{int(expires_at.timestamp()):x}.{nonce}"
    return NewLink(
        url=f"{public_url.rstrip('/')}{PATH}{text}.{sign(f'{_LINK} {text}')}",
        nonce=nonce,
        task=task.id,
        unit=task.unit,
        issued_at=now,
        expires_at=expires_at,
    )


async def enter(conn: Connection, link: NewLink) -> None:
    """The link holds once the caller's transaction is durable.

    Earlier ones of its task stay good too, until one of them is used.
    """
    await handles.add(
        conn,
        link.nonce,
        task=link.task,
        unit=link.unit,
        issued_at=link.issued_at,
        expires_at=link.expires_at,
    )


async def link_of(
    conn: Connection, task: Task, *, public_url: str, sign: Sign, now: datetime
) -> str:
    """A new link for the task, entered: `new_link` and `enter` in one."""
    link = new_link(task, public_url=public_url, sign=sign, now=now)
    await enter(conn, link)
    return link.url


async def look(conn: Connection, token: str, *, sign: Sign, now: datetime) -> Link:
    """What the link is good for; changes nothing."""
    text, _dot, mark = token.rpartition(".")
    if not token.isascii() or not _same(sign(f"{_LINK} {text}"), mark):
        return Link(fate=Fate.STRANGE)
    handle = await handles.get(conn, text.rpartition(".")[2])
    if handle is None:  # made with our key, for another ledger
        return Link(fate=Fate.STRANGE)
    if handle.used_at is not None:
        return Link(fate=Fate.USED, handle=handle)
    task = await tasks.find_task(conn, handle.task)
    if task is None:
        return Link(fate=Fate.ENDED, handle=handle)
    if handle.expires_at <= now:
        return Link(fate=Fate.EXPIRED, handle=handle)
    return Link(fate=Fate.OPEN, handle=handle, task=task)


async def use(
    core: Core, token: str, answer: Answer, *, sign: Sign, address: str, seen: str | None = None
) -> Link:
    """Carries the answer out and ends the task's links, both or neither.

    The link as it stands then, `done` when this call did it. Otherwise nothing was changed: one
    that is OPEN still has `faults` in the answer, and any other fate says why it is too late.
    `seen` is the version of the text they were shown, as `version_of` gave it, where that is known.
    """
    now = core.clock.now()
    async with core.ledger.write() as conn:
        link = await look(conn, token, sign=sign, now=now)
        if link.handle is None or link.task is None:
            return link
        await handles.lock(conn, link.handle.task)
        link = await look(conn, token, sign=sign, now=now)  # another may have been faster
        if link.handle is None or link.task is None:
            return link
        faults = await unseen(conn, link.task, answer, seen)
        faults = faults or await task_faults.faults(conn, link.task, answer, now=now)
        if faults:
            return Link(fate=Fate.OPEN, handle=link.handle, task=link.task, faults=faults)
        made = await tasks.carry_out(conn, link.task, answer, by=link.task.by_link, now=now)
        if made is None:
            return Link(fate=Fate.ENDED, handle=link.handle)
        await handles.use(
            conn, link.handle, used_at=now, used_for=answer.said.value, used_from=address[:64]
        )
        done = await handles.get(conn, link.handle.nonce)
    core.journal.tell(made)
    return Link(fate=Fate.USED, handle=done, done=True)


async def unseen(
    conn: Connection, task: Task, answer: Answer, seen: str | None
) -> Mapping[str, str]:
    """What is wrong with an answer given to another version: nobody agrees to what was not shown.

    `seen` is the version that was shown, None where that is not known; {} when nothing is wrong.
    """
    if seen is None or answer.said is not Said.AGREED or await version_of(conn, task) == seen:
        return {}
    message = _("The text was changed after you had opened this page. Please read it again.")
    return {"said": message}


async def version_of(conn: Connection, task: Task) -> str:
    """Which text somebody is asked to agree to; "" for what needs no agreement."""
    pub = await publications.get(conn, task.ref) if task.kind is TaskKind.ACCEPT else None
    return pub.content_hash if pub is not None else ""


def form_token(token: str, *, seen: str, sign: Sign, now: datetime) -> str:
    """What a page's form must bring back: that it was shown on our page, in the last half day.

    And with which version of the text. It is good for one use because its link is.
    """
    until = f"{int((now + _FORM_LIFE).timestamp()):x}.{seen}"
    return f"{until}.{sign(f'{_FORM} {until} {token}')}"


def form_seen(given: str, token: str, *, sign: Sign, now: datetime) -> str | None:
    """The version of the text a form was shown with; None for one that does not hold.

    That is one made for another link, or not by us, or one that has run out.
    """
    text, _dot, mark = given.rpartition(".")
    if not given.isascii() or not _same(sign(f"{_FORM} {text} {token}"), mark):
        return None
    until, _dot, seen = text.partition(".")
    return seen if datetime.fromtimestamp(int(until, 16), UTC) > now else None


def _same(ours: str, theirs: str) -> bool:
    return secrets.compare_digest(ours.encode(), theirs.encode())
