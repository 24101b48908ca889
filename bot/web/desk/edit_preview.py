"""What readers will see of a post that is being written; nothing of it is saved."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from aiohttp import web

from bot.domain.post import Post
from bot.domain.problem import Problem, Severity
from bot.i18n import _
from bot.preview import page
from bot.preview.frames import Gallery, media_of, preview
from bot.preview.gallery import pictures
from bot.schedule.entries import Files, NotSaved
from bot.schedule.proposing import propose
from bot.schedule.reader import Reading
from bot.schedule.wishes import Wish
from bot.web.desk.visit import Visit
from bot.web.pages import FRAMED
from bot.wiring.platforms import Catalog

_KEPT = 30
# Still without scripts, but of our origin: so the page around it can keep the place one reads at.
_HEADERS = {
    **FRAMED,
    "Content-Security-Policy": FRAMED["Content-Security-Policy"].replace(
        "sandbox;", "sandbox allow-same-origin;"
    ),
}


@dataclass(kw_only=True)
class Previews:
    """Pages that were drawn lately, until they are fetched by who had them drawn."""

    _pages: OrderedDict[str, tuple[str, str]] = field(default_factory=OrderedDict)

    def keep(self, login: str, text: str) -> str:
        """A name nobody can guess; the oldest pages are forgotten."""
        token = secrets.token_urlsafe(16)
        self._pages[token] = (login, text)
        while len(self._pages) > _KEPT:
            self._pages.popitem(last=False)
        return token

    def find(self, login: str, token: str) -> str | None:
        """The page, for whom it was drawn."""
        owner, text = self._pages.get(token, ("", ""))
        return text if owner == login and text else None


def keep(visit: Visit, text: str) -> str:
    """Where the page is found, below the root."""
    return f"posts/preview/{visit.desk.previews.keep(visit.who.login, text)}"


async def show(visit: Visit) -> web.StreamResponse:
    """A page that was drawn a moment ago."""
    found = visit.desk.previews.find(visit.who.login, visit.part("token"))
    if found is None:
        return answer(fault("", _("This preview is old; it is drawn anew when you go on writing.")))
    return answer(found)


def answer(text: str) -> web.Response:
    """The page, for a frame within ours."""
    body = text.encode("utf-8", "replace")
    return web.Response(body=body, content_type="text/html", charset="utf-8", headers=_HEADERS)


def fault(post: str, message: str) -> str:
    """A page that says why nothing can be shown."""
    return page.faults(post, [Problem(code="preview", message=message)])


async def draw(visit: Visit, wish: Wish, platform: str) -> str:
    """The page of the post as it would be, on one platform; "" is that of its first account."""
    async with visit.desk.slow:
        return await asyncio.to_thread(_draw, visit, wish, platform)


def _draw(visit: Visit, wish: Wish, platform: str) -> str:
    settings = visit.desk.settings
    try:
        proposal = propose(Files(root=settings.office.schedules, zone=visit.zone.key), wish)
    except NotSaved as error:
        return fault(wish.post or "", str(error))
    reading = visit.desk.app.read(instead=proposal.files, only=proposal.post)
    post = next((one for one in reading.posts if one.id == proposal.post), None)
    if post is None:
        errors = [
            one
            for one in reading.problems
            if one.post == proposal.post and one.severity is Severity.ERROR
        ]
        return page.faults(proposal.post, errors)
    return _phones(visit, post, reading, platform)


def _phones(visit: Visit, post: Post, reading: Reading, platform: str) -> str:
    settings = visit.desk.settings
    known = [
        reading.roster.accounts[one] for one in post.accounts if one in reading.roster.accounts
    ]
    account = next((one for one in known if platform in {"", one.platform}), None)
    if account is None:
        return fault(post.id, _("Choose an account of this platform; then it is shown here."))
    cache = settings.files.preview / ".cache"
    gallery = Gallery(pictures=pictures(media_of(post), settings.office.schedules, cache))
    only = frozenset({account.id})
    shown = preview(post, reading, Catalog(settings.platforms), gallery, accounts=only)
    if not shown.frames:
        return page.faults(post.id, shown.problems)
    frame = shown.frames[0]
    title = frame.variant.title or post.title
    return page.phones(title, frame.screens, account.platform, post.due_on(account.id), visit.zone)
