"""At the end: the platforms' own record and the ledger, compared one to one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.domain.publication import MAX_COMMITS, Publication, Role, State, owed_by
from bot.engine.check import check
from bot.ledger import publications
from bot.ledger.store import Ledger
from bot.ledger.tables import events as event_table
from tests.bot.engine.world import Data
from tests.property.laws import PUBLISHING, Life
from tests.soak.town import LEASE_S, Town

NAME = re.compile(r"(?<![A-Za-z0-9])(q\d{5})(?!\d)")
Key = tuple[str, str]
_SCAN_S = 10  # a tick every five seconds at the latest, and time to write it
_FINAL = frozenset({State.PUBLISHED, State.CANCELLED, State.FAILED, State.MISSED})
# Of a public post the ledger says one of these; of the others it says who will look.
_ACCOUNTED = frozenset({State.PUBLISHED, State.SENDING, State.PENDING, State.UNKNOWN, State.FAILED})
# A refusal by the platform, or a cap that keeps one post from being sent for ever.
_PLAIN_FAILURES = frozenset({"rejected", "gone", "too_many_commits", "contract_broken"})


async def granted_events(ledger: Ledger) -> set[int]:
    """The ids of all grants ever written."""
    query = select(event_table.c.id).where(event_table.c.name == "publication.granted")
    async with ledger.read() as conn:
        return {row[0] for row in await conn.execute(query)}


def settled(pub: Publication, horizon: datetime) -> bool:
    """True when the bot has nothing to do about it before `horizon`."""
    if pub.state in _FINAL:
        return True
    if pub.state in {State.QUEUED, State.SENDING, State.PLANNED, State.PENDING}:
        return False
    return pub.next_at is None or pub.next_at > horizon


@dataclass
class Record:
    """Ledger and platforms at one moment."""

    pubs: dict[Key, Publication]
    events: dict[int, list[Data]]
    public: dict[Key, list[Data]]
    calls: int  # that can make something public
    wanted: set[Key]
    now: datetime


@dataclass
class Verdict:
    """What the comparison comes to."""

    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # any other law that does not hold
    states: Counter[str] = field(default_factory=Counter)
    for_a_person: int = 0  # whether it went out must be looked up by a person
    in_hand: int = 0  # the bot goes on with it later: a look or a try that is still to come
    posts: int = 0  # public ones

    @property
    def good(self) -> bool:
        return not (self.doubled or self.lost or self.wrong)


async def read(town: Town) -> Record:
    """Everything the comparison needs."""
    async with town.app.core.ledger.read() as conn:
        pubs = await publications.search(conn)
        found: list[Any] = list(await conn.execute(select(event_table).order_by(event_table.c.id)))
    events: dict[int, list[Data]] = defaultdict(list)
    for row in found:
        events[row.publication].append(dict(row._mapping))
    public: dict[Key, list[Data]] = defaultdict(list)
    for post in (await town.outside.call("GET", "posts"))["posts"]:
        if post["via"] == "api" and post["published_at"] is not None:
            public[of(post)].append(post)
    by_path = (await town.outside.call("GET", "requests"))["by_path"]
    checked = check(town.app.read(), town.app.core.platforms)
    return Record(
        pubs={(pub.post, pub.account): pub for pub in pubs},
        events=events,
        public=public,
        calls=sum(n for path, n in by_path.items() if any(p in path for p in PUBLISHING)),
        wanted={(want.post, want.account.id) for want in checked.wanted},
        now=town.app.core.clock.now(),
    )


def of(post: Data) -> Key:
    """The publication a public post belongs to, by the name in its title or text."""
    found = NAME.search(f"{post['title']} {post['text']}")
    assert found is not None, f"whose is this? {post}"
    return found.group(1), post["account"]


def judge(record: Record) -> Verdict:
    """Compares, row by row and post by post."""
    verdict = Verdict(posts=sum(len(posts) for posts in record.public.values()))
    for key, posts in record.public.items():
        if len(posts) > 1:
            verdict.doubled.append(f"{len(posts)} public posts:\n{story(record, key)}")
        if key not in record.pubs:
            verdict.wrong.append(f"public, and the ledger does not know it: {posts}")
    for key in record.wanted - set(record.pubs):
        verdict.lost.append(f"planned and not in the ledger: {key}")
    granted = 0
    for key, pub in record.pubs.items():
        life, fault = _replay(record.events[pub.id])
        granted += life.granted
        if fault:
            verdict.wrong.append(f"{fault}\n{story(record, key)}")
        _judge_row(record, verdict, key, life)
    if record.calls > granted:
        verdict.wrong.append(f"{record.calls} publishing calls, {granted} grants")
    return verdict


def _replay(events: list[Data]) -> tuple[Life, str]:
    """The life the events tell, and what is wrong with it."""
    life = Life()
    try:
        for event in events:
            life.add(event)
    except AssertionError as error:
        return life, str(error).splitlines()[0]
    return life, ""


def _judge_row(record: Record, verdict: Verdict, key: Key, life: Life) -> None:
    pub, posts = record.pubs[key], record.public.get(key, [])
    state = f"{pub.state}: {pub.reason}" if pub.reason else pub.state.value
    verdict.states[state] += 1
    faults = [
        (life.events and life.state != pub.state.value, "its events lead elsewhere"),
        (_nobodys(pub), "nobody owes the next move, or somebody after the end"),
        (pub.commits > min(life.granted, MAX_COMMITS), "more calls than grants"),
        (_overdue(pub, record.now), "in flight, or due, for longer than a lease and one scan"),
        (posts and life.granted == 0, "public and never granted"),
        (posts and not _accounted(pub), "public, and the ledger says otherwise"),
        (pub.state is State.FAILED and pub.reason not in _PLAIN_FAILURES, "failed by our fault"),
        (posts and pub.state is State.FAILED and pub.reason != "gone", "public, said refused"),
    ]
    verdict.wrong += [f"{what}:\n{story(record, key)}" for wrong, what in faults if wrong]
    if pub.state is State.PUBLISHED and pub.commits and not posts:
        verdict.lost.append(f"published, and nobody sees it:\n{story(record, key)}")
    elif pub.state is State.CANCELLED and key in record.wanted and life.off != "withdrawn":
        verdict.lost.append(f"wanted, and cancelled by nobody:\n{story(record, key)}")
    verdict.for_a_person += pub.state is State.UNKNOWN and pub.next_at is None
    verdict.in_hand += pub.state not in _FINAL and pub.next_at is not None


def _accounted(pub: Publication) -> bool:
    """True when the ledger knows of it, or looks for it before anything else happens to it."""
    return pub.state in _ACCOUNTED or pub.doubt_since is not None


def _nobodys(pub: Publication) -> bool:
    role = owed_by(pub.state, pub.reason, pub.next_at)
    if (role is Role.NOBODY) != (pub.state in {State.PUBLISHED, State.CANCELLED}):
        return True
    return role in {Role.CLOCK, Role.BOT, Role.PLATFORM} and pub.next_at is None


def _overdue(pub: Publication, now: datetime) -> bool:
    limit = timedelta(seconds=LEASE_S + _SCAN_S)
    return pub.next_at is not None and pub.state not in _FINAL and now - pub.next_at > limit


def story(record: Record, key: Key) -> str:
    """All that is known of one publication."""
    pub = record.pubs.get(key)
    life = Life(events=record.events[pub.id] if pub else [])
    posts = "\n".join(f"  {post}" for post in record.public.get(key, []))
    return f"{pub}\n{life}\n{posts}"
