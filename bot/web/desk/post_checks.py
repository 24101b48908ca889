"""/posts/{post}/checks: what `bot check` says of one post, as it stands in its file."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import quote

from aiohttp import web

from bot.domain.problem import Severity
from bot.engine.editing import Looked, check_entry
from bot.i18n import N_, _
from bot.schedule.wishes import Wish
from bot.web.desk.visit import Refused, Visit
from bot.wiring.rulebook import rulebook

_FRESH = timedelta(seconds=20)
_SEVERITIES = {
    Severity.ERROR: (N_("error"), "bad"),
    Severity.WARNING: (N_("warning"), "warn"),
    Severity.INFO: (N_("note"), ""),
}


async def show(visit: Visit) -> web.StreamResponse:
    """The problems, each with the rule behind it."""
    if visit.who.only_unit:
        raise Refused(403, _("This belongs to another unit."))
    name, desk = visit.part("post"), visit.desk
    root = desk.settings.office.schedules

    async def look() -> Looked:
        wish = Wish(post=name)
        return await asyncio.to_thread(
            check_entry, root, wish, desk.app.read, visit.core.platforms, zone=visit.zone.key
        )

    answer = await visit.remembered(("checks", name), look, fresh=_FRESH, stale=_FRESH)
    rules = rulebook()
    return visit.render(
        "checks",
        title=_("Check of {post}").format(post=name),
        address=f"posts/{quote(name, safe='')}",
        as_of=f"{answer.at.astimezone(visit.zone):%H:%M:%S}",
        found=[
            {
                "problem": one.problem,
                "word": _(_SEVERITIES[one.problem.severity][0]),
                "tone": _SEVERITIES[one.problem.severity][1],
                "rule": rules.get(one.problem.code),
            }
            for one in answer.value.findings
        ],
    )
