"""Posts that are written or changed in the browser: what is wrong with them, and their saving."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.domain.post import Post
from bot.domain.problem import Place, Problem, Severity
from bot.engine.check import Checked, check
from bot.engine.fields import field_of
from bot.engine.ports import Catalog, Core
from bot.ledger import posts
from bot.logs import get_logger
from bot.schedule.entries import Files, NotSaved
from bot.schedule.faults import located
from bot.schedule.naming import Planned
from bot.schedule.proposing import Proposal, ids_for, propose
from bot.schedule.reader import Reading
from bot.schedule.saving import Saved, save
from bot.schedule.shapes import PostShape
from bot.schedule.wishes import Wish

log = get_logger(__name__)


class Read(Protocol):
    """Reads the calendar with the office's settings, these files in place of the folder's."""

    def __call__(self, *, instead: Mapping[str, bytes], only: str) -> Reading: ...


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A problem of an entry, and where a form shows it."""

    problem: Problem
    field: str  # dotted key, "article" for the long text, "" for the entry as a whole


@dataclass(frozen=True, kw_only=True)
class Looked:
    """An entry as it would be, with what is wrong with it."""

    id: str
    file: str  # it would stand in
    findings: tuple[Finding, ...]
    post: Post | None  # None when it cannot be told what would go out
    checked: Checked | None  # the whole calendar's wishes with it; None when it cannot be saved


def check_entry(
    root: Path, wish: Wish, read: Read, catalog: Catalog, *, zone: str = "Asia/Shanghai"
) -> Looked:
    """What `bot check` would say of the entry if it were saved now; nothing is written.

    Told are the entry's own problems and those between it and others that name it. What cannot be
    saved at all is a problem as well, at its field.
    """
    try:
        files = Files(root=root, zone=zone)
        proposal = propose(files, wish)
    except NotSaved as refused:
        problem = Problem(code="unknown-value", message=str(refused), severity=Severity.ERROR)
        finding = Finding(problem=problem, field=refused.field)
        return Looked(id=wish.post or "", file="", findings=(finding,), post=None, checked=None)
    reading = read(instead=proposal.files, only=proposal.post)
    checked = check(reading, catalog, alone=True, only=proposal.post)
    found = [one for one in checked.problems if _concerns(one, proposal.post)]
    return Looked(
        id=proposal.post,
        file=proposal.file,
        findings=tuple(_placed(found, proposal)),
        post=next((post for post in reading.posts if post.id == proposal.post), None),
        checked=checked,
    )


def _concerns(problem: Problem, post: str) -> bool:
    """True for a problem of the post, and for one of another that names it."""
    return problem.post == post or (
        re.search(rf"(?<![\w-]){re.escape(post)}(?![\w-])", problem.message, re.ASCII) is not None
    )


def _placed(found: list[Problem], proposal: Proposal) -> list[Finding]:
    node = proposal.node
    if node is None:
        return [Finding(problem=problem, field="") for problem in found]
    zone = ZoneInfo(proposal.zone)
    exact: dict[tuple[str, str, Place], str] = {}
    for key, problem in located(PostShape, node, proposal.file, post=proposal.post, zone=zone):
        exact[problem.code, problem.message, problem.place] = key
    body = node.text("body")
    made = []
    for problem in found:
        field = exact.get((problem.code, problem.message, problem.place))
        if field is None and problem.post == proposal.post:
            field = field_of(problem, node, proposal.file, body)
        made.append(Finding(problem=problem, field=field or ""))
    return made


async def save_entry(
    core: Core, root: Path, wish: Wish, *, seen_version: str | None, zone: str = "Asia/Shanghai"
) -> Saved:
    """Saves the entry; a new one gets no id by which the ledger knows another post.

    Raises Conflict and NotSaved as bot.schedule.saving.save.
    """
    if wish.post is None:
        wish = replace(wish, known=await _known(core, root, wish, zone))
    saved = await asyncio.to_thread(save, root, wish, seen_version=seen_version, zone=zone)
    log.info("calendar.entry_saved", post=saved.post, file=saved.file, files=len(saved.written))
    return saved


async def _known(core: Core, root: Path, wish: Wish, zone: str) -> Mapping[str, Planned]:
    """What the ledger has under the ids the new entry may get."""
    proposed = await asyncio.to_thread(ids_for, root, wish, zone)
    async with core.ledger.read() as conn:
        found = await posts.some_posts(conn, set(proposed))
    return {post.id: Planned(title=post.title, day=post.due_at.date()) for post in found.values()}
