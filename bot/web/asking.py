"""What a person is asked by a task, and what they answer: the same by link and at the desk."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.domain import words
from bot.domain.public_links import link_in
from bot.domain.tasks import ANSWERS, Answer, Said, Task, TaskKind
from bot.engine import briefing, handles
from bot.engine.briefing import Brief
from bot.engine.ports import Core
from bot.engine.task_faults import TEXT_MAX
from bot.i18n import N_, _
from bot.ledger.connection import Connection
from bot.web.packages import file_of, open_package
from bot.web.pages import DOCUMENT, FILE, when

_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]+(\d{1,2})[:：](\d{2})(?::\d{2})?"
)
_YEARS = range(2000, 2100)  # a slip of the pen is no time; near the ends of all time no zone holds
_ASKS = {
    TaskKind.ACCEPT: N_("Shall this be reprinted?"),
    TaskKind.HAND_OFF: N_("Please publish this and report the link"),
    TaskKind.LOOK: N_("Please look whether this went out"),
    TaskKind.CORRECT: N_("Please correct what was published"),
    TaskKind.WITHDRAW: N_("Please take down what was published"),
}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What came with a form, as it was typed; shown again when something is wrong with it."""

    said: str = ""
    text: str = ""
    url: str = ""
    at: str = ""
    form: str = ""  # what the page itself put in: of which version of the text it was


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A task as it is shown, and which version of its text that was."""

    brief: Brief
    seen: str


async def asked(core: Core, conn: Connection, task: Task) -> Asked:
    """The task with everything around it."""
    return Asked(
        brief=await briefing.brief(core, conn, task), seen=await handles.version_of(conn, task)
    )


async def shown(
    about: Brief, packages: Path, zone: ZoneInfo, expires_at: datetime | None = None
) -> Mapping[str, Any]:
    """What the template parts/task.html shows, but for the answer; `expires_at` is of a link."""
    kind = about.task.kind
    return {
        "title": _(_ASKS[kind]),
        "kind": kind.value,
        "answers": {each.value for each in ANSWERS[kind]},
        "brief": about,
        "facts": _facts(about, expires_at, zone),
        "package": await asyncio.to_thread(open_package, packages, about.package),
        "text_max": TEXT_MAX,
    }


def _facts(about: Brief, expires_at: datetime | None, zone: ZoneInfo) -> list[tuple[str, str]]:
    task, pub, variant = about.task, about.pub, about.variant
    planned = pub.due_at if pub is not None and task.kind is TaskKind.ACCEPT else None
    pictures = _("{count} pictures").format(count=about.pictures) if about.pictures else ""
    found = [
        (_("unit"), about.unit.name),
        (_("account"), f"{about.account.name} · {words.platform(task.platform)}"),
        (_("planned time"), when(planned, zone)),
        (_("deadline"), when(task.deadline_at, zone)),
        (_("label"), variant.label if variant else ""),
        (_("first release"), variant.link if variant else ""),
        (_("goes with it"), _("video") if variant and variant.video else pictures),
        (_("why you are asked"), about.trouble or about.reason or words.reason(task.why)),
        (_("what it is about"), about.url),
        (_("this link is good until"), when(expires_at, zone)),
    ]
    return [(name, value) for name, value in found if value]


async def package_file(about: Brief, packages: Path, name: str) -> web.FileResponse | None:
    """One file of the task's package; None when it holds no such file."""
    found = await asyncio.to_thread(file_of, packages, about.package, name)
    if found is None:
        return None
    path, kind = found
    headers = DOCUMENT if kind.startswith(("text/html", "image/svg")) else FILE
    return web.FileResponse(path, headers={**headers, "Content-Type": kind})


def answer_of(typed: Typed, zone: ZoneInfo) -> tuple[Answer | None, Mapping[str, str]]:
    """The answer, or what keeps it from being one, by field."""
    if typed.said not in {each.value for each in Said}:
        return None, {"said": _("This task cannot be answered like that.")}
    try:
        at = moment(typed.at, zone)
    except ValueError as error:
        return None, {"at": str(error)}
    return Answer(said=Said(typed.said), text=typed.text, url=link_in(typed.url), at=at), {}


def moment(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment a person wrote, None for nothing; raises ValueError with a sentence."""
    if not text:
        return None
    found = _TIME.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        year, month, day, hour, minute = (int(part) for part in found.groups())
        if year not in _YEARS:
            raise ValueError(text)
        return datetime(year, month, day, hour, minute, tzinfo=zone)
    except ValueError as error:
        message = _("{text} is not a time; write it as 2026-05-07 10:00.")
        raise ValueError(message.format(text=text[:40])) from error
