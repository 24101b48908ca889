"""What a person decides about one publication; the same as `bot publications` offers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from bot.domain.public_links import link_in
from bot.domain.publication import Publication
from bot.engine import people
from bot.engine.task_faults import no_time
from bot.errors import UsageError
from bot.i18n import _
from bot.web.asking import moment
from bot.web.desk.fields import Fields
from bot.web.desk.visit import Visit

_REASON_MAX = 500


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why nothing was done, and the field it is about; "" for none."""

    text: str
    field: str = ""


async def decide(visit: Visit, pub: Publication, fields: Fields) -> Refusal | None:
    """Does what the form says and enters it into the log; None once it is done."""
    wanted = fields.one("do")
    act = _ACTS.get(wanted)
    if act is None:
        return Refusal(text=_("This cannot be done here."))
    if len(fields.one("reason")) > _REASON_MAX:
        text = _("This is too long: at most {limit} characters.").format(limit=_REASON_MAX)
        return Refusal(text=text, field="reason")
    try:
        at = moment(fields.one("at").replace("T", " "), visit.zone)
    except ValueError as error:
        return Refusal(text=str(error), field="at")
    if wanted == "confirm" and at is None and await people.needs_time(visit.core, pub):
        return Refusal(text=no_time(), field="at")
    try:
        await act(visit, pub, fields, at)
    except UsageError as error:
        return Refusal(text=str(error), field="url" if wanted == "confirm" else "")
    facts = {name: fields.one(name) for name in ("reason", "url", "at") if fields.one(name)}
    await visit.noted(f"publication.{wanted}", f"{pub.post}@{pub.account}", **facts)
    return None


def done(visit: Visit, pub: Publication, fields: Fields) -> str:
    """The word for what happens now, as `visit.DONE` has it."""
    if fields.one("do") != "retry":
        return "done"
    return "later" if pub.not_before is not None and pub.not_before > visit.now else "again"


def where(pub: Publication) -> str:
    """The page that shows it, below the root."""
    return f"posts/{quote(pub.post, safe='')}?pub={pub.id}"


async def _retry(visit: Visit, pub: Publication, fields: Fields, _at: datetime | None) -> None:
    sure = fields.one("not_published") == "yes"
    await people.retry(visit.core, pub, by=visit.who.login, not_published=sure)


async def _cancel(visit: Visit, pub: Publication, fields: Fields, _at: datetime | None) -> None:
    await people.cancel(visit.core, pub, by=visit.who.login, reason=fields.one("reason"))


async def _confirm(visit: Visit, pub: Publication, fields: Fields, at: datetime | None) -> None:
    url = link_in(fields.one("url"))
    await people.report(visit.core, pub, url=url, at=at, by=visit.who.login)


async def _accept(visit: Visit, pub: Publication, _fields: Fields, _at: datetime | None) -> None:
    await people.accept(visit.core, pub, by=visit.who.login)


async def _decline(visit: Visit, pub: Publication, fields: Fields, _at: datetime | None) -> None:
    await people.decline(visit.core, pub, by=visit.who.login, reason=fields.one("reason"))


async def _undo(visit: Visit, pub: Publication, fields: Fields, _at: datetime | None) -> None:
    await people.take_back(visit.core, pub, by=visit.who.login, reason=fields.one("reason"))


_Act = Callable[[Visit, Publication, Fields, datetime | None], Awaitable[None]]
_ACTS: Mapping[str, _Act] = {
    "retry": _retry,
    "cancel": _cancel,
    "confirm": _confirm,
    "accept": _accept,
    "decline": _decline,
    "unconfirm": _undo,
}
WANTED = tuple(_ACTS)  # also by programs (bot/web/api/publications.py)
