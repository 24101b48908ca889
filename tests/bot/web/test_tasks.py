"""The pages behind links, over real HTTP, read as a browser without JavaScript reads them."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from selectolax.lexbor import LexborHTMLParser

from bot.app import App
from bot.domain import task_words
from bot.domain.publication import State
from bot.domain.recall import RecallKind
from bot.domain.tasks import TaskKind
from bot.engine import handles, people, recalling, tasks
from bot.settings import Web
from bot.web.app import watched
from tests.bot.engine.world import BODY, TEN, World, key_item, open_world, roster

MINE = "https://weixin.qq.com/sph/A1b2C3"
TITLE = '<script>x("1")</script>&nbsp;'


def members() -> dict[str, object]:
    """u02 must agree to reprints, u03 gets a package."""
    return roster(u02_wechat={"reprint": "confirm"}, u03_wechat={"reprint": "manual"})


@dataclass(frozen=True, kw_only=True)
class Page:
    """An answer of the site."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def tree(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.text)

    @property
    def form(self) -> str:
        """The one-time token of its forms."""
        (node,) = self.tree.css("input[name=form]")[:1]
        return node.attributes["value"] or ""

    def value(self, name: str) -> str:
        """What a field holds."""
        (node,) = self.tree.css(f"[name={name}]")
        return node.attributes.get("value") or node.text().strip()


@dataclass(frozen=True, kw_only=True)
class Site:
    """A running bot, and a browser."""

    app: App
    world: World
    url: str
    client: aiohttp.ClientSession

    async def link(self, kind: TaskKind, unit: str = "") -> str:
        """A new link for the one open task of this kind, as its path on the site."""
        async with self.app.core.ledger.write() as conn:
            units = [unit] if unit else ()
            found = await tasks.open_tasks(conn, units=units)
            (task,) = [one for one in found if one.kind is kind]
            link = await handles.link_of(
                conn,
                task,
                public_url=self.url,
                sign=self.app.vault.sign,
                now=self.world.clock.now(),
            )
        return link.removeprefix(self.url)

    async def get(self, path: str, **headers: str) -> Page:
        return await self._ask("GET", path, headers=headers)

    async def post(self, path: str, *, form: str = "", **fields: str) -> Page:
        """Sends the page's form, with its own token unless another one is given."""
        form = form or (await self.get(path)).form
        return await self._ask("POST", path, data={"form": form, **fields})

    async def _ask(self, method: str, path: str, **more: object) -> Page:
        async with self.client.request(
            method,
            f"{self.url}{path}",
            allow_redirects=False,
            **more,  # type: ignore[arg-type]
        ) as answer:
            text = (await answer.read()).decode("utf-8", "replace")
            return Page(
                status=answer.status,
                headers={str(name): value for name, value in answer.headers.items()},
                text=text,
            )


@asynccontextmanager
async def served(world: World) -> AsyncIterator[Site]:
    said: list[str] = []
    settings = world.app.settings.model_copy(update={"web": Web(listen="127.0.0.1:0")})
    app = App(**{**vars(world.app), "settings": settings})
    async with watched(app, said.append), aiohttp.ClientSession() as client:
        sentence = said[0]
        url = sentence[sentence.index("http") :].removesuffix("/readyz")
        yield Site(app=app, world=world, url=url, client=client)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A key item is out; one unit must decide, another has a package."""
    async with open_world(tmp_path, members()) as world:
        await world.plan(key_item(title=TITLE))
        await world.run(until=TEN + timedelta(hours=2))
        async with served(world) as opened:
            yield opened


async def test_a_liaison_agrees_and_the_link_is_spent(site: Site) -> None:
    path = await site.link(TaskKind.ACCEPT)
    spare = await site.link(TaskKind.ACCEPT)
    page = await site.get(path)
    check_page(page)
    assert page.status == 200
    text = page.tree.text()
    assert TITLE in text
    for words in ("健康u02", "发热请就诊", "来源：健康u01", "2026-05-07 10:00"):
        assert words in text
    before = await site.world.history("k1@u02-wechat")
    for _ in range(3):  # a chat program's previews
        assert (await site.get(path)).status == 200
    async with site.client.head(site.url + path) as head:
        assert head.status == 200
    assert await site.world.history("k1@u02-wechat") == before
    done = await site.post(path, said="agreed")
    assert (done.status, done.headers["Location"]) == (303, path.rpartition("/")[2])
    assert (await site.world.pub("k1@u02-wechat")).accepted_by == "liaison of u02 by link"
    for other in (path, spare):
        shown = await site.get(other)
        check_page(shown)
        assert shown.status == 200
        assert task_words.said("agreed") in shown.text
        assert "2026-05-06 12:00" in shown.text
        again = await site.post(other, form=page.form, said="declined", text="不要")
        assert again.status == 409
        assert task_words.said("agreed") in again.text
    assert (await site.world.events("k1@u02-wechat")).count("accepted") == 1


async def test_nobody_agrees_to_a_text_they_were_not_shown(site: Site) -> None:
    """It was corrected while the page was open: the page shows it anew, and nothing is decided."""
    path = await site.link(TaskKind.ACCEPT)
    page = await site.get(path)
    site.world.write_body("k1", BODY + "\n更正：门诊时间为八点。\n")
    await site.world.plan()
    again = await site.post(path, form=page.form, said="agreed")
    assert again.status == 422
    assert "更正：门诊时间为八点。" in again.tree.text()
    assert (await site.world.pub("k1@u02-wechat")).accepted_by == ""
    assert (await site.post(path, form=again.form, said="agreed")).status == 303


async def test_declining_needs_a_reason_and_keeps_what_was_typed(site: Site) -> None:
    path = await site.link(TaskKind.ACCEPT)
    for fields, field in (
        ({"said": "declined", "text": " \r\n "}, "text"),
        ({"said": "declined", "text": "很" * 600}, "text"),
        ({"said": "reported", "url": MINE}, "said"),
        ({"said": "done", "text": "好"}, "said"),
        ({"said": "'; drop table"}, "said"),
        ({}, "said"),
    ):
        page = await site.post(path, **fields)
        check_page(page)
        assert page.status == 422
        assert len(page.tree.css(".faults li")) == 1
        assert bool(page.tree.css(f"#{field}-fault")) == (field == "text")
        assert page.value("text") == fields.get("text", "").strip()
    assert await site.world.state("k1@u02-wechat") is State.HELD
    why = '本周已有<b>同类</b>内容 & "更好"\x00'
    assert (await site.post(path, said="declined", text=why)).status == 303
    event = (await site.world.history("k1@u02-wechat"))[-1]
    assert event["facts"]["text"] == why.rstrip("\0")
    assert event["facts"]["by"] == "liaison of u02 by link"


async def test_a_package_is_taken_and_its_link_reported(site: Site) -> None:
    pub = await site.world.pub("k1@u03-wechat")
    folder = Path(pub.checkpoint["package"])
    (folder / "secret.svg").symlink_to(site.world.folder / "secret.key")
    (folder / "secret.bin").write_bytes(b"x")
    path = await site.link(TaskKind.HAND_OFF)
    page = await site.get(path)
    check_page(page)
    boxes = [box.text().strip() for box in page.tree.css("textarea.box")]
    assert TITLE in boxes
    assert any("发热请就诊" in box and "来源：健康u01" in box for box in boxes)
    links = [
        node.attributes["href"] or ""
        for node in page.tree.css("a")
        if "/files/" in (node.attributes["href"] or "")
    ]
    assert any(link.endswith(".jpg") for link in links)
    for link in links:
        file = await site.get(f"/t/{link}")
        assert file.status == 200
        assert "script-src" not in str(file.headers.get("Content-Security-Policy", ""))
    article = next(link for link in links if link.endswith(".html"))
    shown = await site.get(f"/t/{article}")
    assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "发热请就诊" in shown.text
    for name in (
        *("secret.svg", "secret.bin", "manifest.json", "..%2f..%2fsecret.key", "%2e%2e", "."),
        *("..%5c..%5csecret.key", "%00", "body.html%00.jpg", "nothing.jpg", "a" * 3000),
    ):
        refused = await site.get(f"{path}/files/{name}")
        assert refused.status == 404, name
    late = "2026-05-06 11:30"
    for url, at in (
        *(("", ""), ("http://mp.weixin.qq.com/s/x", ""), ("https://weibo.com/1/a", late)),
        *(("javascript:alert(1)", ""), ("https://a@mp.weixin.qq.com/s/x", ""), ("https://x", "")),
        ("https://mp.weixin.qq.com/mp/appmsgalbum?__biz=x&album_id=1", late),
        ("https://www.baidu.com/x", late),
        ("https://mp.weixin.qq.com/s/x", "2026-05-06 13:00"),
        ("https://mp.weixin.qq.com/s/x", "昨天"),
        ("https://mp.weixin.qq.com/s/x", "2026-02-30 10:00"),
        ((await site.world.pub("k1@u01-wechat")).url.replace("http:", "https:"), ""),
    ):
        wrong = await site.post(path, said="reported", url=url, at=at)
        check_page(wrong)
        assert wrong.status == 422, (url, at)
        assert (wrong.value("url"), wrong.value("at")) == (url, at.replace(" ", "T"))
    assert await site.world.state("k1@u03-wechat") is State.HANDED_OFF
    mine = "https://mp.weixin.qq.com/s/u03-own"
    before = site.world.clock.now()
    site.world.clock.set(before + timedelta(days=2))
    assert "required" in (await site.get(path)).tree.css("#at")[0].attributes
    undated = await site.post(path, said="reported", url=mine)
    assert (undated.status, len(undated.tree.css("#at-fault"))) == (422, 1)
    site.world.clock.set(before)
    done = await site.post(path, said="reported", url=mine, at="2026-05-06T11:30")
    assert done.status == 303
    pub = await site.world.pub("k1@u03-wechat")
    assert (pub.state, pub.url) == (State.PUBLISHED, mine)
    assert pub.published_at == TEN + timedelta(hours=1, minutes=30)
    assert (await site.get(f"/t/{article}")).status == 409


async def test_links_nobody_made_are_turned_away(site: Site) -> None:
    path = await site.link(TaskKind.ACCEPT)
    for forged in (
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        "/t/x",
        "/t/%C3%A9.é",
        "/t/a.b.c",
    ):
        page = await site.get(forged)
        check_page(page)
        assert page.status == 404
        assert (await site.post(forged, form="x", said="agreed")).status == 404
        assert (await site.get(f"{forged}/files/body.html")).status == 404
    status = [(await site.get("/t/guess")).status for _ in range(10)]
    assert status == [404] * 8 + [429] * 2
    # Behind a proxy each visitor has a count of their own; a right link is never refused.
    assert (await site.get("/t/guess", **{"X-Forwarded-For": "10.0.0.9"})).status == 404
    assert (await site.get(path)).status == 200
    site.world.clock.set(site.world.clock.now() + timedelta(minutes=11))
    assert (await site.get("/t/guess")).status == 404


async def test_a_form_that_is_not_ours_does_nothing(site: Site) -> None:
    path = await site.link(TaskKind.ACCEPT)
    other = (await site.get(await site.link(TaskKind.HAND_OFF))).form
    old = (await site.get(path)).form
    site.world.clock.set(site.world.clock.now() + timedelta(hours=12))
    for given in (other, old, "x"):
        page = await site.post(path, form=given, said="declined", text="不转")
        check_page(page)
        assert (page.status, page.value("text")) == (403, "不转")
    raw = f"form={(await site.get(path)).form}&said=agreed".encode()
    for kind in ("text/plain", "application/json", "multipart/form-data; boundary=x"):
        status = (await site._ask("POST", path, data=raw, headers={"Content-Type": kind})).status
        assert status == 403
    coding = "application/x-www-form-urlencoded; charset=nonsense"
    answer = await site._ask("POST", path, data=raw, headers={"Content-Type": coding})
    assert answer.status == 403
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    huge = io.BytesIO(raw + b"&text=" + b"a" * 1_200_000)
    assert (await site._ask("POST", path, data=huge, headers=form)).status == 413
    assert await site.world.state("k1@u02-wechat") is State.HELD


async def test_too_late(site: Site) -> None:
    path = await site.link(TaskKind.ACCEPT)
    package = await site.link(TaskKind.HAND_OFF)
    form = (await site.get(path)).form
    await people.decline(
        site.app.core, await site.world.pub("k1@u02-wechat"), by="陈", reason="停更"
    )
    site.world.clock.set(site.world.clock.now() + timedelta(days=7))
    for page in (
        await site.get(path),
        await site.post(path, form=form, said="agreed"),
        await site.get(package),
        await site.get(f"{package}/files/body.html"),
    ):
        check_page(page)
        assert page.status == 410
    assert "已取消" in (await site.get(path)).text


async def test_what_must_be_taken_down_or_corrected(site: Site) -> None:
    """Both are told as done, with a note or a link; a correction says what changes."""
    world, core = site.world, site.app.core
    mine = "https://mp.weixin.qq.com/s/u03-own"
    await site.post(await site.link(TaskKind.HAND_OFF), said="reported", url=mine)
    world.write_body("k1", BODY.replace("发热请就诊", "发热请到发热门诊"))
    await world.plan(key_item(title=TITLE))
    await recalling.order(core, "k1", RecallKind.CORRECT, reason="数据<有误>", by="王主任")
    path = await site.link(TaskKind.CORRECT, unit="u03")
    page = await site.get(path)
    check_page(page)
    said = page.tree.text()
    assert "数据<有误>" in said
    assert [mine] == [node.text() for node in page.tree.css("dd a")]
    assert "发热请就诊" in page.tree.css("del")[0].text()
    assert "发热请到发热门诊" in page.tree.css("ins")[0].text()
    for fields in ({}, {"url": "https://weibo.com/1/a"}, {"text": "长" * 501}):
        wrong = await site.post(path, said="done", **fields)
        check_page(wrong)
        assert (wrong.status, wrong.value("url")) == (422, fields.get("url", ""))
    assert (await site.post(path, said="done", text="已改正", url=mine)).status == 303
    assert task_words.said("done") in (await site.get(path)).text
    await recalling.order(core, "k1", RecallKind.WITHDRAW, reason="全部撤下", by="王主任")
    path = await site.link(TaskKind.WITHDRAW, unit="u03")
    check_page(await site.get(path))
    assert (await site.post(path, said="done", text="已删除")).status == 303
    assert (await site.get(path)).status == 200


async def test_stylesheet_and_icon_are_all_a_page_loads(site: Site) -> None:
    page = await site.get(await site.link(TaskKind.HAND_OFF))
    (style,) = page.tree.css("link[rel=stylesheet]")
    sheet = await site.get(f"/t/{style.attributes['href']}")
    assert (sheet.status, sheet.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in sheet.headers["Cache-Control"]
    assert "url(" not in sheet.text
    assert "@import" not in sheet.text


def check_page(page: Page) -> None:
    """Chinese, escaped, without script or anything from elsewhere, each field with a label."""
    headers = page.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    tree = page.tree
    assert tree.css("script, iframe, object, img, style, [style], [onclick], base") == []
    assert [node.attributes["lang"] for node in tree.css("html")] == ["zh-CN"]
    assert len(tree.css("h1")) == 1
    for node in tree.css("link, form"):
        assert "//" not in (node.attributes.get("href") or node.attributes.get("action") or "")
    labels = {node.attributes["for"] for node in tree.css("label")}
    fields = tree.css("textarea, input:not([type=hidden])")
    assert {node.attributes["id"] for node in fields} <= labels
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(ids) == len(set(ids))
