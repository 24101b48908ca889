"""The calendar feed: posts, deadlines and health days, for people's own calendar programs."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain import words
from bot.domain.days import Occurrence
from bot.domain.post import Kind, Post
from bot.domain.publication import Hold, Publication, State
from bot.domain.roster import Account, Roster
from bot.engine.ics import Entry, write
from bot.engine.ports import Core
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import feed, roster
from bot.ledger.feed import FeedPost
from bot.schedule.days import Days

BACK: Final = timedelta(days=92)  # what a feed shows unless it is told otherwise …
AHEAD: Final = timedelta(days=400)
# The worst state of its own accounts is what a post's title shows.
_WORST: Final = (
    *(State.FAILED, State.UNKNOWN, State.MISSED, State.HELD, State.HANDED_OFF, State.WAITING),
    *(State.PENDING, State.SENDING, State.QUEUED, State.PLANNED, State.PUBLISHED),
    State.CANCELLED,
)
_FIRM: Final = frozenset({State.PLANNED, State.QUEUED, State.SENDING, State.PUBLISHED})


async def build(
    core: Core,
    days: Days,
    *,
    zone: ZoneInfo,
    first: date | None = None,
    last: date | None = None,
    account: str | None = None,
    planned: Sequence[Post] = (),
) -> bytes:
    """The feed as an iCalendar file, of the days from `first` to `last`; reads the ledger.

    With `account` only its posts and deadlines; health days are in every feed. `planned` are posts
    of the calendar; those the ledger has not taken over are shown as such. Raises UsageError when
    the ledger does not know the account.
    """
    today = core.clock.now().astimezone(zone).date()
    first, last = first or today - BACK, last or today + AHEAD
    since = datetime.combine(first, time(), zone)
    until = datetime.combine(last + timedelta(days=1), time(), zone)
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        if account is not None and account not in members.accounts:
            raise UsageError(_("There is no account {account}.").format(account=account))
        known = await feed.between(conn, since, until, account)
    new = [post for post in planned if since <= post.due_at < until]
    entries = [
        *(entry for post in known for entry in _known(post, members)),
        *(entry for post in _unknown(new, known, account) for entry in _new(post, core)),
        *(_health_day(one) for one in days.between(first, last)),
    ]
    # A year of posts takes a second to write, and the bot has other things to do meanwhile.
    return await asyncio.to_thread(write, entries, name=_name(members, account), zone=zone.key)


def _name(members: Roster, account: str | None) -> str:
    if account is None:
        return _("Content calendar")
    return _("Content calendar: {account}").format(account=_called(members.accounts[account]))


def _called(account: Account) -> str:
    return f"{account.name} ({words.platform(account.platform)})"


def _known(post: FeedPost, members: Roster) -> Iterator[Entry]:
    """The entries of a post the ledger knows; none once it is called off everywhere."""
    wanted = [pub for pub in post.publications if pub.state is not State.CANCELLED]
    if not wanted:
        return
    own = [pub for pub in wanted if pub.kind is Kind.ORIGINAL] or wanted
    state = min((_shown(pub) for pub in own), key=_WORST.index)
    changed_at = post.changed_at or post.due_at
    yield Entry(
        uid=f"post-{post.id}",
        title=_titled(post.title, state),
        first=min(pub.published_at or pub.due_at for pub in own),
        changed_at=changed_at,
        revision=post.revisions,
        text=_lines(_line(pub, members) for pub in wanted),
        url=next((pub.url for pub in own if pub.url), ""),
        category=post.column,
        firm=state in _FIRM,
    )
    if post.deadline_at is not None and not post.removed:
        reprints = [pub for pub in wanted if pub.kind is Kind.REPRINT]
        yield _deadline(post.id, post.title, post.deadline_at, changed_at, post.revisions, reprints)


def _shown(pub: Publication) -> State:
    """A reprint that waits for its first release is as good as planned."""
    waits = pub.state is State.HELD and pub.reason == Hold.FIRST_RELEASE.value
    return State.PLANNED if waits else pub.state


def _titled(title: str, state: State) -> str:
    if state is State.PLANNED:
        return title
    return f"【{words.state(state)}】{title}"


def _line(pub: Publication, members: Roster) -> str:
    account = members.accounts.get(pub.account)
    parts = (
        _called(account) if account else pub.account,
        words.state(pub.state),
        words.reason(pub.reason),
        pub.url,
    )
    return " · ".join(part for part in parts if part)


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _deadline(
    post: str,
    title: str,
    at: datetime,
    changed_at: datetime,
    revision: int = 0,
    reprints: Sequence[Publication] = (),
) -> Entry:
    done = sum(pub.state is State.PUBLISHED for pub in reprints)
    out = _("{done} of {all} reprints are out.").format(done=done, all=len(reprints))
    return Entry(
        uid=f"deadline-{post}",
        title=_("Reprints due: {title}").format(title=title),
        first=at,
        changed_at=changed_at,
        revision=revision,
        text=out if reprints else "",
        category=_("deadline"),
    )


def _unknown(planned: Sequence[Post], known: Sequence[FeedPost], account: str | None) -> list[Post]:
    """Posts of the calendar that the ledger has not taken over."""
    ids = {
        post.id
        for post in known
        if any(pub.state is not State.CANCELLED for pub in post.publications)
    }
    mine = (post for post in planned if account is None or account in post.accounts)
    return [post for post in mine if post.id not in ids]


def _new(post: Post, core: Core) -> Iterator[Entry]:
    now, mark = core.clock.now(), _("not taken over yet")
    yield Entry(
        uid=f"post-{post.id}",
        title=f"【{mark}】{post.title}",
        first=post.due_at,
        changed_at=now,
        text=_lines(post.accounts),
        category=post.column,
        firm=False,
    )
    if post.key is not None:
        yield _deadline(post.id, post.title, post.due_at + post.key.deadline, now)


def _health_day(one: Occurrence) -> Entry:
    assert one.first is not None
    name = hashlib.blake2b(one.day.name_zh.encode(), digest_size=8).hexdigest()
    return Entry(
        uid=f"day-{one.year}-{name}" + (f"-{one.number}" if one.number > 1 else ""),
        title=one.day.name_zh,
        first=one.first,
        last=one.last,
        changed_at=datetime(one.year, 1, 1, tzinfo=UTC),
        text=_lines(filter(None, (one.day.name_en, one.day.organiser))),
        category=_("health day"),
    )
