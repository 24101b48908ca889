"""Every page of a desk, asked for over HTTP as a browser does, and what each cost."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
from sqlalchemy import Select, select

from bench import process
from bench.matrix import NOW
from bot.app import App
from bot.domain.people import DeskRole, Person, Right
from bot.engine import tasks as open_tasks
from bot.ledger.connection import Connection
from bot.ledger.desk_tables import webhooks
from bot.ledger.tables import accounts, items, posts, publications, verdicts
from bot.web.desk.doors import COOKIE
from bot.web.desk.site import ROUTES

_PARAMETER = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_LOADED = re.compile(r'(?:href|src)="([^"]*static/[^"]+)"')
_FILES = frozenset({"name", "token"})  # what lies there is a file somebody brought, and no page
_SOME = 7  # different values of a parameter
# Other ways to look at the same page.
_WAYS: Mapping[str, Sequence[str]] = {
    "/calendar": ("?view=week", "?view=list", "?unit=u003&platform=weibo"),
    "/tasks": ("?unit=u002",),
    "/key-items": ("?page=2",),
    "/accounts": ("?page=2", "?unit=u002"),
    "/counts": ("?by=platform", "?by=month"),
}
_ASKED: Mapping[str, str] = {"/posts/{post}/recall": "?kind=withdraw"}  # nothing without it
Facts = Mapping[tuple[str, str], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page: its pattern, who asks, and addresses of it that are asked for by turns."""

    name: str
    role: str
    paths: Sequence[str]

    @property
    def is_file(self) -> bool:
        """True for what is downloaded and not looked at."""
        return "{kind}" in self.name


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """One answer."""

    status: int
    seconds: float
    body: bytes
    sent: int  # bytes, as they went over the wire
    html: bool


@dataclass(kw_only=True)
class Cost:
    """What one page cost."""

    place: Place
    cold_s: float = 0.0  # the longest first time of an address
    times_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0  # of the server, for all of `times_s`
    bytes: int = 0
    sent: int = 0
    html: bool = False


async def fetch(session: aiohttp.ClientSession, url: str, role_cookie: str) -> Fetched:
    """Asks for one page, as a browser that can unpack."""
    headers = {"Accept-Encoding": "gzip, deflate", "Accept": "text/html,*/*"}
    begin = time.perf_counter()
    async with session.get(
        url, headers=headers, cookies={COOKIE: role_cookie}, allow_redirects=False
    ) as answer:
        body = await answer.read()
        seconds = time.perf_counter() - begin
        packed = answer.headers.get("Content-Encoding", "")
        if packed:
            body, sent = zlib.decompress(body, wbits=47), len(body)
        else:
            sent = len(body)
        html = answer.content_type == "text/html"
        return Fetched(status=answer.status, seconds=seconds, body=body, sent=sent, html=html)


def client() -> aiohttp.ClientSession:
    """A client that leaves answers packed, so that their size on the wire is seen."""
    return aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())


# ── which pages there are ─────────────────────────────────────────────────────────────────────


async def places(app: App, roles: Sequence[str]) -> list[Place]:
    """All pages, each asked for by who has the widest right to it, and the first by everybody."""
    async with app.core.ledger.read() as conn:
        facts = await _facts(conn)
    found = []
    for route in ROUTES:
        if route.path == "/uploads/file" or route.method != "GET":
            continue
        if _FILES & set(_PARAMETER.findall(route.path)):
            continue
        role = _who(route.right, roles)
        paths = [path + _ASKED.get(route.path, "") for path in _paths(route.path, facts)]
        found.append(Place(name=route.path, role=role, paths=paths))
        for way in _WAYS.get(route.path, ()):
            found.append(Place(name=route.path + way, role=role, paths=[route.path + way]))
    wide = {one.role for one in found if one.name == "/"}
    found += [Place(name="/", role=role, paths=["/"]) for role in roles if role not in wide]
    return found


def _who(right: Right | None, roles: Sequence[str]) -> str:
    for role in (DeskRole.OFFICER, DeskRole.ADMINISTRATOR, DeskRole.REVIEWER, DeskRole.LIAISON):
        if role.value in roles and (right is None or _may(role, right)):
            return role.value
    raise SystemExit(f"nobody has the right {right}")


def _may(role: DeskRole, right: Right) -> bool:
    return Person(login=role, name="", roles=frozenset({role}), made_at=NOW).may(right)


def _paths(pattern: str, facts: Facts) -> list[str]:
    """Addresses of the pattern with values that there are."""
    names = _PARAMETER.findall(pattern)
    if not names:
        return [pattern]
    begin = pattern[1:].partition("/")[0].partition(".")[0]
    return [_filled(pattern, begin, names, facts, number) for number in range(_SOME)]


def _filled(pattern: str, begin: str, names: Sequence[str], facts: Facts, number: int) -> str:
    path = pattern
    for name in names:
        values = facts.get((pattern, name)) or facts.get((begin, name)) or facts.get(("", name))
        if not values:
            raise SystemExit(f"bench/walk.py has no value for {{{name}}} of {pattern}")
        before, _brace, rest = path.partition("{")
        path = before + values[number % len(values)] + rest.partition("}")[2]
    return path


async def _facts(conn: Connection) -> Facts:
    async def texts(query: Select[tuple[object]]) -> list[str]:
        return [str(value) for value in (await conn.execute(query.limit(_SOME))).scalars()]

    key_items = await texts(select(posts.c.id).where(posts.c.key_item).order_by(posts.c.id))
    matched = (
        select(verdicts.c.post, verdicts.c.id)
        .where(verdicts.c.decision == "doubtful")
        .order_by(verdicts.c.id)
        .limit(_SOME)
    )
    ordinary = select(posts.c.id).where(posts.c.key_item.is_(False)).order_by(posts.c.due_at)
    doubtful = {row.post: str(row.id) for row in await conn.execute(matched)}
    now = datetime.now(UTC)
    reviewed = ordinary.where(posts.c.column == "每周科普", posts.c.due_at > now)
    some = [*await texts(ordinary), *key_items]
    known = select(publications.c.post, publications.c.account).where(
        publications.c.post.in_(some), publications.c.platform != "website"
    )
    there = {row.post: row.account for row in await conn.execute(known)}
    tasks = await open_tasks.open_tasks(conn)
    return {
        ("key-items", "post"): list(doubtful),
        ("key-items", "number"): list(doubtful.values()),
        ("posts", "post"): list(there),
        ("/posts/{post}/edit", "post"): await texts(ordinary),
        ("/posts/{post}/recall", "post"): list(there),
        ("/settings/webhooks/{id}", "id"): await texts(select(webhooks.c.id)),
        ("posts", "account"): list(there.values()),
        ("reviews", "post"): await texts(reviewed),
        ("tasks", "id"): [task.id for task in tasks[:_SOME]],
        ("settings", "login"): ["officer", "liaison"],
        ("", "post"): await texts(ordinary),
        ("", "id"): await texts(select(publications.c.id)),
        ("", "account"): await texts(select(accounts.c.id)),
        ("", "item"): await texts(select(items.c.id)),
        ("", "kind"): ["xlsx", "csv"],
        ("", "code"): ["quiet-hours", "cover-missing"],
    }


# ── what they cost ────────────────────────────────────────────────────────────────────────────


async def cost_of(
    session: aiohttp.ClientSession, url: str, pid: int, place: Place, cookie: str, times: int
) -> Cost:
    """The page cold, and then `times` times more. Raises SystemExit when it is not there."""
    cost = Cost(place=place)
    for path in place.paths[:times]:
        cost.cold_s = max(cost.cold_s, (await fetch(session, url + path, cookie)).seconds)
    before = process.cpu_s(pid)
    for number in range(times):
        path = place.paths[number % min(times, len(place.paths))]
        got = await fetch(session, url + path, cookie)
        if got.status != 200:
            raise SystemExit(f"{path} as {place.role}: {got.status}")
        cost.times_s.append(got.seconds)
        cost.bytes, cost.sent = max(cost.bytes, len(got.body)), max(cost.sent, got.sent)
        cost.html = got.html
    cost.cpu_s = process.cpu_s(pid) - before
    return cost


async def first_load(session: aiohttp.ClientSession, url: str, cookie: str) -> tuple[int, int]:
    """Bytes of the first page with all it loads: as sent, and unpacked."""
    page = await fetch(session, f"{url}/", cookie)
    sent, whole = page.sent, len(page.body)
    for path in sorted(set(_LOADED.findall(page.body.decode()))):
        part = await fetch(session, f"{url}/{path.removeprefix('./')}", cookie)
        sent, whole = sent + part.sent, whole + len(part.body)
    library = await fetch(session, f"{url}/static/lib.js", cookie)  # imported by the others
    return sent + library.sent, whole + len(library.body)
