"""Coming in and going out, and what a form is worth when the login has run out meanwhile."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
from multidict import CIMultiDict
from sqlalchemy import select
from yarl import URL

from bot.engine import entrance
from bot.engine.clearing import Clearing
from bot.engine.outbox import Outbox
from bot.ledger import audit, people
from bot.ledger.desk_tables import attempts, invites, sessions
from bot.web.desk.doors import COOKIE, RENEWAL
from tests.bot.engine.world import open_world
from tests.bot.web.visitors import Desk, Page, Visitor, open_desk

GOOD = "三审三校不能少 2026"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_world(tmp_path) as world, open_desk(world) as opened:
        yield opened


async def invited(desk: Desk) -> str:
    return f"/invite/{await entrance.first_link(desk.app.core)}"


async def with_password(desk: Desk) -> Visitor:
    """The first administrator, logged in by the one-time link."""
    visitor = await desk.stranger()
    page = await visitor.ask("POST", await invited(desk), data={"password": GOOD, "again": GOOD})
    assert page.status == 303
    return visitor


async def failed(desk: Desk, name: str, *, count: int) -> None:
    """So many wrong passwords of this login just now, from this machine."""
    now = desk.app.core.clock.now()
    async with desk.app.core.ledger.write() as conn:
        for _try in range(count):
            await people.note_failure(conn, login=name, address="127.0.0.1", now=now, forget=now)


async def own_csrf(visitor: Visitor) -> str:
    """The token of the visitor's session, as its pages have it."""
    found = re.search(r'data-csrf="([^"]+)"', (await visitor.get("/me")).text)
    assert found
    return found[1]


async def test_the_first_start_makes_an_administrator_with_a_link_that_works_once(
    desk: Desk,
) -> None:
    link = await invited(desk)
    visitor = await desk.stranger()
    assert (await visitor.get(link)).status == 200
    short = await visitor.ask("POST", link, data={"password": "kurz", "again": "kurz"})
    assert short.status == 422
    other = await visitor.ask("POST", link, data={"password": GOOD, "again": GOOD + "!"})
    assert other.status == 422
    done = await visitor.ask("POST", link, data={"password": GOOD, "again": GOOD})
    assert done.status == 303
    cookie = done.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert (await visitor.get("/")).status == 200
    again = await (await desk.stranger()).ask("POST", link, data={"password": GOOD, "again": GOOD})
    assert again.status == 410
    assert await entrance.first_link(desk.app.core) == ""


async def test_a_newer_link_makes_the_one_before_void(desk: Desk) -> None:
    older, newer = await invited(desk), await invited(desk)
    visitor = await desk.stranger()
    assert (await visitor.get(older)).status == 410
    assert (await visitor.get(newer)).status == 200
    await desk.world.at(desk.world.clock.now() + entrance.INVITATION)
    assert (await visitor.get(newer)).status == 410


async def test_login_goes_on_where_one_was_and_a_stolen_cookie_ends_with_the_logout(
    desk: Desk,
) -> None:
    await with_password(desk)
    visitor = await desk.stranger()
    sent_away = await visitor.get("/me?done=saved")
    assert (sent_away.status, sent_away.headers["Location"]) == (
        303,
        "./login?next=me%3Fdone%3Dsaved",
    )
    wrong = await visitor.ask("POST", "/login", data={"login": "admin", "password": "x"})
    assert wrong.status == 401
    entered = await visitor.ask(
        "POST", "/login", data={"login": " Admin ", "password": GOOD, "next": "me?done=saved"}
    )
    assert entered.headers["Location"] == "./me?done=saved"
    stolen = visitor.client.cookie_jar.filter_cookies(URL(desk.url))[COOKIE].value
    thief = await desk.stranger()
    thief.client.cookie_jar.update_cookies({COOKIE: stolen}, URL(desk.url))
    page = await thief.get("/me")
    assert page.status == 200
    csrf = re.search(r'data-csrf="([^"]+)"', page.text)
    assert csrf
    visitor.csrf = csrf[1]
    assert (await visitor.post("/logout")).status == 303
    assert (await thief.get("/me")).status == 303
    assert (await thief.ask("GET", "/me", headers={"Accept": "application/json"})).status == 401


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil", "javascript:alert(1)", "a//b"]
)
async def test_a_login_leads_nowhere_else(desk: Desk, target: str) -> None:
    await with_password(desk)
    visitor = await desk.stranger()
    data = {"login": "admin", "password": GOOD, "next": target}
    assert (await visitor.ask("POST", "/login", data=data)).headers["Location"] == "./"


async def test_guessing_is_slowed_down_for_the_login_and_not_for_others(desk: Desk) -> None:
    await with_password(desk)
    visitor = await desk.stranger()
    data = {"login": "admin", "password": "wrong"}
    found = [(await visitor.ask("POST", "/login", data=data)).status for _ in range(9)]
    assert found == [401] * 8 + [429]
    right = {"login": "admin", "password": GOOD}
    assert (await visitor.ask("POST", "/login", data=right)).status == 429
    await desk.world.at(desk.world.clock.now() + timedelta(minutes=16))
    assert (await visitor.ask("POST", "/login", data=right)).status == 303


async def test_refused_logins_stand_in_the_log_and_cannot_fill_it(desk: Desk) -> None:
    """Wrong password or unknown name, told alike; who goes on is entered once a quarter."""
    await with_password(desk)
    visitor = await desk.stranger()

    async def guess(name: str, address: str = "10.0.0.9") -> Page:
        data = {"login": name, "password": "geheim"}
        headers = {"X-Forwarded-For": address}
        return await visitor.ask("POST", "/login", data=data, headers=headers)

    async def noted(action: str) -> list[tuple[str, str, str]]:
        async with desk.app.core.ledger.read() as conn:
            found = await audit.entries(conn, actions=[action], limit=None)
        assert "geheim" not in str(found)
        return [(one.by, one.subject, one.address) for one in reversed(found)]

    told = [await guess(name) for name in ("admin", "Niemand" + "x" * 90)]
    assert [page.status for page in told] == [401, 401]
    assert told[0].all(".faults") == told[1].all(".faults") != []
    # What is no login is often a password in the wrong field.
    assert await noted("login.refused") == [("", "admin", "10.0.0.9"), ("", "", "10.0.0.9")]
    await failed(desk, "admin", count=6)
    for number in range(4):
        await guess(("admin", "ADMIN ")[number % 2], f"10.0.1.{number}")
    assert len(await noted("login.refused")) == 3  # as many as were looked at
    assert await noted("login.held") == [("", "admin", "10.0.1.1")]
    await desk.world.at(desk.world.clock.now() + timedelta(minutes=16))
    await failed(desk, "admin", count=8)
    await guess("admin")
    assert len(await noted("login.held")) == 2


async def test_an_address_that_tries_many_names_is_entered_once(desk: Desk) -> None:
    visitor = await desk.stranger()
    await failed(desk, "anybody", count=40)
    for name in ("anna", "berta"):
        data = {"login": name, "password": "x"}
        assert (await visitor.ask("POST", "/login", data=data)).status == 429
    async with desk.app.core.ledger.read() as conn:
        (entry,) = await audit.entries(conn, actions=["address.held", "login.held"])
    assert (entry.action, entry.subject) == ("address.held", "")


async def test_behind_a_proxy_its_own_word_counts_and_not_the_visitors(desk: Desk) -> None:
    await with_password(desk)
    headers = CIMultiDict(
        [("X-Forwarded-For", "10.0.0.6"), ("X-Forwarded-For", "10.0.0.7, 10.0.0.9")]
    )
    data = {"login": "admin", "password": GOOD}
    visitor = await desk.stranger()
    open_line = await visitor.ask("POST", "/login", data=data, headers=headers)
    assert "Secure" not in open_line.headers["Set-Cookie"]
    headers["X-Forwarded-Proto"] = "https"
    page = await visitor.ask("POST", "/login", data=data, headers=headers)
    assert "Secure" in page.headers["Set-Cookie"]
    async with desk.app.core.ledger.read() as conn:
        newest, *_others = await audit.entries(conn, actions=["login"])
    assert newest.address == "10.0.0.9"


async def test_many_guesses_at_once_count_like_guesses_one_by_one(desk: Desk) -> None:
    visitor = await with_password(desk)
    data = {"login": "admin", "password": "wrong"}
    pages = await asyncio.gather(
        *(visitor.ask("POST", "/login", data=data) for _guess in range(12))
    )
    assert [page.status for page in pages].count(401) == 8
    right = {"login": "admin", "password": GOOD}
    assert (await visitor.ask("POST", "/login", data=right)).status == 429


@pytest.mark.parametrize("dropped", [False, True], ids=["cookie dead", "cookie dropped"])
async def test_a_form_sent_after_the_session_has_run_out_is_kept(
    desk: Desk, *, dropped: bool
) -> None:
    visitor = await with_password(desk)
    text = '很长的正文\n第二行 <script>alert("x")</script> & 更多'
    visitor.csrf = await own_csrf(visitor)
    await desk.world.at(desk.world.clock.now() + timedelta(hours=13))
    if dropped:
        visitor.client.cookie_jar.clear()
    page = await visitor.post("/freeze", reason=text, password="gone for good")
    assert page.status == 401
    kept = page.value("kept")
    assert "gone for good" not in page.text
    back = await visitor.ask(
        "POST", "/login", data={"login": "admin", "password": GOOD, "kept": kept}
    )
    assert back.status == 200
    (form,) = back.tree.css("form")
    assert form.attributes["action"] == "./freeze"
    assert back.value("reason") == text
    assert back.all("h2") == ["原因"]
    assert "<script>alert" not in back.text
    data = {name: back.value(name) for name in ("csrf", "reason")}
    assert (await visitor.ask("POST", "/freeze", data=data)).status == 303


async def test_a_form_of_another_site_does_not_come_back_as_one_of_ours(desk: Desk) -> None:
    """Its browser sends no cookie along, and says nothing of where the form is from."""
    victim = await desk.visitor("administrator")
    form = {"login": "thief", "name": "x", "roles": "administrator"}
    async with aiohttp.ClientSession() as elsewhere:
        other = Visitor(desk.url, elsewhere)
        for data in (form, {**form, "csrf": "forged"}):
            page = await other.ask("POST", "/settings/people", data=data)
            assert (page.status, "thief" in page.text) == (401, False)
    async with desk.app.core.ledger.write() as conn:
        await people.end_sessions(conn, desk.world.clock.now(), login="administrator")
    page = await victim.ask("POST", "/settings/people", data={**form, "csrf": "forged"})
    assert (page.status, "thief" in page.text) == (401, False)
    assert "thief" in (await victim.post("/settings/people", **form)).text


async def test_a_form_of_somebody_else_comes_back_to_nobody_else(desk: Desk) -> None:
    """Whoever works here has good tokens too, and could put one into a form of another site."""
    visitor, officer = await with_password(desk), await desk.visitor("officer")
    form = {"csrf": officer.csrf, "reason": "planted"}
    stranger = await desk.stranger()
    kept = (await stranger.ask("POST", "/freeze", data=form)).value("kept")
    data = {"login": "admin", "password": GOOD}
    for sealed in (kept, kept.replace('"officer"', '"admin"')):
        page = await stranger.ask("POST", "/login", data={**data, "kept": sealed})
        assert "planted" not in page.text
    assert (await visitor.ask("POST", "/freeze", data=form)).status == 403


async def test_after_another_login_the_form_of_before_is_shown_again(desk: Desk) -> None:
    visitor = await with_password(desk)
    older = await own_csrf(visitor)
    await visitor.ask("POST", "/login", data={"login": "admin", "password": GOOD})
    page = await visitor.ask("POST", "/freeze", data={"csrf": older, "reason": "typed before"})
    assert page.value("reason") == "typed before"
    data = {name: page.value(name) for name in ("csrf", "reason")}
    assert (await visitor.ask("POST", "/freeze", data=data)).status == 303


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded; charset=none"}, b"login=a"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"login=\xff&password=\xfe"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\na\r\n--x--\r\n"),
        (
            {"Content-Type": "multipart/form-data; boundary=x"},
            b"--x\r\nContent-Disposition: form-data; name=a\r\n"
            b"Content-Transfer-Encoding: none\r\n\r\na\r\n--x--\r\n",
        ),
    ],
    ids=["coding", "bytes", "parts", "packing"],
)
async def test_what_is_no_form_is_refused_in_words(
    desk: Desk, headers: dict[str, str], body: bytes
) -> None:
    stranger = await desk.stranger()
    headers = {**headers, "Accept": "text/html"}
    page = await stranger.ask("POST", "/login", data=body, headers=headers)
    assert page.status == 400
    assert page.words


async def test_a_form_of_another_page_is_not_heard(desk: Desk) -> None:
    visitor = await desk.visitor("officer")
    assert (await visitor.ask("POST", "/logout", data={"csrf": "forged"})).status == 403
    assert (await visitor.ask("POST", "/logout", data={})).status == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    page = await visitor.ask("POST", "/logout", data={"csrf": visitor.csrf}, headers=foreign)
    assert page.status == 403
    assert (await visitor.get("/me")).status == 200


async def test_another_password_ends_the_other_sessions(desk: Desk) -> None:
    first = await with_password(desk)
    second = await desk.stranger()
    await second.ask("POST", "/login", data={"login": "admin", "password": GOOD})
    first.csrf = await own_csrf(first)
    newer = GOOD + " 新"
    wrong = await first.post("/me/password", old="no", password=newer, again=newer)
    assert wrong.status == 422
    done = await first.post("/me/password", old=GOOD, password=newer, again=newer)
    assert done.status == 303
    assert (await first.get("/me")).status == 200
    assert (await second.get("/me")).status == 303


async def test_pages_load_nothing_from_elsewhere_and_allow_no_inline_script(desk: Desk) -> None:
    visitor = await desk.visitor("officer")
    page = await visitor.get("/me")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not page.tree.css("script:not([src])")
    assert not page.tree.css("[style], [onclick], style")
    for node in page.tree.css("link[href], script[src]"):
        address = node.attributes.get("href") or node.attributes.get("src") or ""
        assert address.startswith("./static/")
        asset = await visitor.get(address.removeprefix("."))
        assert asset.status == 200
        assert "immutable" in asset.headers["Cache-Control"]


async def test_nothing_but_health_is_open(desk: Desk) -> None:
    visitor = await desk.stranger()
    for path in ("/", "/me", "/live"):
        assert (await visitor.get(path)).status == 303
    assert (await visitor.get("/healthz")).status == 200
    nowhere = await visitor.get("/nowhere", Accept="text/html")
    assert nowhere.status == 404
    assert "<main>" in nowhere.text


async def test_a_page_that_renews_itself_keeps_no_idle_session_alive(desk: Desk) -> None:
    left, used = await desk.visitor("officer"), await desk.visitor("manager")
    assert f'"{RENEWAL}"' in (await left.get("/static/desk.js")).text
    async with left.client.get(f"{desk.url}/live") as stream:
        await desk.world.at(desk.world.clock.now() + timedelta(minutes=100))
        assert (await left.get("/me", **{RENEWAL: "1"})).status == 200
        async with left.client.get(f"{desk.url}/live") as again:
            assert again.status == 200
        assert (await used.get("/me")).status == 200
        await desk.world.at(desk.world.clock.now() + timedelta(minutes=100))
        assert (await left.get("/me")).status == 303
        assert (await used.get("/me")).status == 200
        async with desk.app.core.ledger.write() as conn:
            entry = audit.Entry(at=desk.world.clock.now(), by="manager", action="logout")
            await audit.note(conn, entry)  # streams look up at once, not only after a while
        async with asyncio.timeout(20):
            await stream.read()


async def test_a_session_has_eight_places_to_listen_and_gets_those_back_it_leaves(
    desk: Desk,
) -> None:
    mine, other = await desk.visitor("officer"), await desk.visitor("manager")
    async with AsyncExitStack() as stack:

        async def listen(visitor: Visitor) -> aiohttp.ClientResponse:
            asked = visitor.client.get(f"{desk.url}/live", allow_redirects=False)
            return await stack.enter_async_context(asked)

        open_ = [await listen(mine) for _page in range(8)]
        assert {one.status for one in open_} == {200}
        assert (await listen(mine)).status == 503
        assert (await listen(other)).status == 200
        open_[3].close()
        async with asyncio.timeout(10):
            while (page := await listen(mine)).status == 503:
                await page.read()  # until the desk has heard of it
        assert (await listen(mine)).status == 503


async def test_the_largest_form_there_is_is_kept_too(desk: Desk) -> None:
    visitor = await with_password(desk)
    visitor.csrf = await own_csrf(visitor)
    await desk.world.at(desk.world.clock.now() + timedelta(hours=13))
    text = '"' * 340_000  # three signs each on the way
    page = await visitor.post("/freeze", reason=text)
    data = {"login": "admin", "password": GOOD, "kept": page.value("kept")}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = io.BytesIO(urlencode(data).encode())
    back = await visitor.ask("POST", "/login", data=body, headers=form)
    assert back.value("reason") == text


async def test_what_is_long_over_is_deleted(desk: Desk) -> None:
    """Sessions, links and failed logins; not who is logged in."""
    core, world = desk.app.core, desk.world
    await desk.visitor("manager")
    await entrance.first_link(core)
    await entrance.login(core, "nobody", "wrong", address="10.0.0.9")
    clearing, found = Clearing(Outbox(core, desk.app.settings.zone)), []
    for days in (89, 5):
        await world.at(world.clock.now() + timedelta(days=days))
        await desk.visitor("officer")  # logs in the first time
        await clearing.clear()
        async with core.ledger.read() as conn:
            tables = (sessions, invites, attempts)
            found.append([len(list(await conn.execute(select(one)))) for one in tables])
    assert found == [[2, 2, 1], [1, 0, 0]]  # the desk made a link when it began
