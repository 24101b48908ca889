"""From the office's files to the page of one post. Reads files only."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from adapters import registry
from bot.domain.post import Media
from bot.domain.problem import Problem, Severity
from bot.domain.roster import Roster
from bot.errors import UsageError
from bot.i18n import _
from bot.preview import page
from bot.preview.frames import Gallery, Preview, media_of, preview
from bot.preview.gallery import pictures
from bot.schedule.reader import Reading, read
from bot.settings import Settings
from bot.wiring.platforms import Catalog
from bot.wiring.rulebook import check_options

VIDEOS = "/media/"  # where a served page finds videos
_SUGGESTED = 3


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be shown."""

    post: str
    accounts: frozenset[str] = frozenset()  # only these; empty: all


@dataclass(frozen=True, kw_only=True)
class Made:
    """A page, or why there is none."""

    html: str  # of a post that could not be read: its problems
    shown: Preview | None
    problems: tuple[Problem, ...]  # why the post could not be read; empty when it was
    reading: Reading
    videos: tuple[Media, ...] = ()


def make(settings: Settings, order: Order, *, served: bool = False) -> Made:
    """The page as the files are now; may be repeated.

    Raises UsageError when the calendar has no such post or the roster no such account.
    """
    folder = settings.office.schedules
    reading = read(
        folder,
        platforms=registry.platforms(),
        modes=registry.modes,
        zone=settings.office.timezone,
        options=check_options(settings),
    )
    _refuse_strangers(order.accounts, reading.roster)
    post = next((post for post in reading.posts if post.id == order.post), None)
    if post is None:
        found = _why_not(order.post, reading)
        html = page.faults(order.post, found, served=served)
        return Made(html=html, shown=None, problems=found, reading=reading)
    media = media_of(post)
    videos = tuple(one for one in media if one.mime.startswith("video/"))
    gallery = Gallery(
        pictures=pictures(media, folder, settings.files.preview / ".cache"),
        videos={one.path: VIDEOS + quote(one.path) for one in videos} if served else {},
    )
    catalog = Catalog(settings.platforms)
    shown = preview(post, reading, catalog, gallery, accounts=order.accounts)
    html = page.page(shown, reading.roster, settings.zone, served=served)
    return Made(html=html, shown=shown, problems=(), reading=reading, videos=videos)


def _refuse_strangers(accounts: Iterable[str], roster: Roster) -> None:
    for account in sorted(accounts):
        if account not in roster.accounts:
            message = _('The roster has no account "{account}".').format(account=account)
            raise UsageError(message + _near(account, roster.accounts))


def _why_not(post: str, reading: Reading) -> tuple[Problem, ...]:
    """Why the entry could not be read; raises UsageError when there seems to be none."""
    own = [problem for problem in reading.problems if problem.post == post]
    unread = [
        problem
        for problem in reading.problems
        if problem.place.file in reading.broken and problem.severity is Severity.ERROR
    ]
    if not own and not unread:
        message = _('The calendar has no post "{post}".').format(post=post)
        raise UsageError(message + _near(post, [known.id for known in reading.posts]))
    return tuple(own or unread)


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=_SUGGESTED, cutoff=0.4)
    return " " + _("Near it are: {words}.").format(words=", ".join(near)) if near else ""
