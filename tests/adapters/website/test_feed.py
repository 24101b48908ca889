"""Reading sites: every kind of list, odd encodings and dates, and politeness."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import ContractBroken, RateLimited, Unavailable
from tests.adapters.website.site import Said, Site, article, item, rss

TEXT = "流感季来了，及时接种疫苗，勤洗手、常通风、戴口罩，出现发热及时就诊。" * 4
MORNING = datetime(2026, 5, 6, 1, 30, tzinfo=UTC)  # 09:30 in Beijing


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A site without anything on it."""
    site = await Site(tmp_path).start()
    yield site
    await site.close()


def feed(site: Site, body: bytes | str, kind: str = "application/rss+xml", **headers: str) -> None:
    site.pages["/feed"] = Said(body=body, content_type=kind, headers=headers)


DATE = "Wed, 06 May 2026 09:30:00 +0800"


@pytest.mark.parametrize(
    "date",
    [
        DATE,
        "Wed, 06 May 2026 01:30:00 GMT",
        "Wed, 06 May 2026 09:30:00",  # no zone: the site's own, not UTC
        "Wed, 06 May 2026 09:30:00 CST",  # China's, not America's
        "Wed, 06 May 2026 01:30:00 -0000",
        "2026-05-06 09:30:00",
        "2026-05-06T01:30:00Z",
        "2026年5月6日 09:30",
    ],
)
async def test_times_mean_the_sites_zone_unless_they_say_one(site: Site, date: str) -> None:
    feed(site, rss(item(1, date, text=TEXT)))
    [found] = await site.read(site.adapter())
    assert found.published_at == MORNING
    assert found.platform_id == found.url == f"{site.url}/a/1.html"
    assert (found.title, found.text) == ("第1篇", TEXT)


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "utf-8", "nonsense"])
async def test_chinese_encodings_declared_rightly_wrongly_or_not(site: Site, declared: str) -> None:
    text = rss(item(1, DATE, text=TEXT + "镕"), encoding=declared)
    for encoding in ("gb18030", "utf-8"):
        feed(site, text.encode(encoding), f"text/xml; charset={declared}")
        [found] = await site.read(site.adapter())
        assert found.text == TEXT + "镕"


async def test_an_atom_feed(site: Site) -> None:
    feed(
        site,
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>官网</title><entry><title>题</title>'
        f'<id>tag:1</id><link href="{site.url}/a/1.html"/>'
        f"<published>2026-05-06T09:30:00+08:00</published>"
        f'<content type="html">&lt;p&gt;{TEXT}&lt;/p&gt;</content></entry></feed>',
        "application/atom+xml",
    )
    [found] = await site.read(site.adapter())
    assert (found.published_at, found.text, found.title) == (MORNING, TEXT, "题")


async def test_a_json_feed_names_what_it_reprints(site: Site) -> None:
    one = {
        "id": "1",
        "url": "/a/1.html",
        "external_url": "https://mp.weixin.qq.com/s/x",
        "title": "题",
        "content_html": f"<p>{TEXT}</p>",
        "date_published": "2026-05-06T09:30:00+08:00",
    }
    data = {"version": "https://jsonfeed.org/version/1.1", "title": "官网", "items": [one, 3]}
    feed(site, json.dumps(data), "application/feed+json")
    [found] = await site.read(site.adapter())
    assert (found.source_url, found.text) == ("https://mp.weixin.qq.com/s/x", TEXT)


def sitemap(*rows: tuple[str, str]) -> str:
    urls = "".join(f"<url><loc>{u}</loc><lastmod>{d}</lastmod></url>" for u, d in rows)
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/x">{urls}</urlset>'


async def test_a_sitemap_through_its_index_packed(site: Site) -> None:
    """Titles and texts come from the pages; what says nowhere that it is an article is left out."""
    site.pages["/feed"] = Said(
        body=f"<sitemapindex><sitemap><loc><![CDATA[{site.url}/part.xml.gz]]></loc></sitemap>"
        "</sitemapindex>",
        content_type="application/xml",
    )
    rows = (
        (f"{site.url}/a/1.html", "2026-05-06"),
        (f"{site.url}/list/", "2026-05-06"),
        (f"{site.url}/a/old.html", "2020-01-01"),
    )
    packed = gzip.compress(sitemap(*rows).encode())
    site.pages["/part.xml.gz"] = Said(body=packed, content_type="application/gzip")
    site.pages["/a/1.html"] = Said(body=article(TEXT))
    site.pages["/list/"] = Said(body="<ul><li>栏目</li></ul>")
    [found] = await site.read(site.adapter())
    assert (found.title, found.published_at) == ("页上的标题", MORNING)
    assert found.text == f"{TEXT}\n来源：健康澜汀"
    assert "/a/old.html" not in site.asked


async def test_a_sitemap_without_any_time_is_no_use(site: Site) -> None:
    feed(site, f"<urlset><url><loc>{site.url}/a</loc></url></urlset>", "application/xml")
    with pytest.raises(ContractBroken, match="网站地图") as raised:
        await site.read(site.adapter())
    assert raised.value.advice


async def test_a_page_names_its_feed(site: Site) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/rss.xml">'
    site.pages["/"] = Said(body=f"<html><head>{link}</head></html>")
    site.pages["/rss.xml"] = Said(body=rss(item(1, DATE, text=TEXT)), content_type="text/xml")
    adapter = site.adapter("/")
    assert len(await site.read(adapter)) == 1
    assert len(await site.read(adapter)) == 1
    assert site.asked.count("/") == 1  # found once, then remembered


async def test_robots_txt_names_the_sitemap(site: Site) -> None:
    site.pages["/"] = Said(body="<html><body>首页</body></html>")
    site.pages["/robots.txt"] = Said(
        body=f"User-agent: *\nAllow: /\nSitemap: {site.url}/map.xml", content_type="text/plain"
    )
    site.pages["/map.xml"] = Said(body=sitemap((f"{site.url}/a/1.html", "2026-05-06")))
    site.pages["/a/1.html"] = Said(body=article(TEXT))
    assert len(await site.read(site.adapter("/"))) == 1


async def test_a_site_that_names_nothing_says_so(site: Site) -> None:
    site.pages["/"] = Said(body="<html><body>首页</body></html>")
    with pytest.raises(ContractBroken, match="没有提供订阅源") as raised:
        await site.read(site.adapter("/"))
    assert "links" in raised.value.advice


async def test_a_column_page_by_its_rule(site: Site) -> None:
    links = "".join(f'<li><a href="a/{n}.html" title="第{n}篇">…</a></li>' for n in (3, 2, 1))
    site.pages["/news/"] = Said(body=f"<html><ul class='list'>{links}</ul></html>")
    for number in (1, 2, 3):
        page = article(TEXT, date=f"2026-05-0{number} 09:30")
        site.pages[f"/news/a/{number}.html"] = Said(body=page)
    adapter = site.adapter("/news/", links=".list a")
    items = await site.read(adapter)
    assert [found.title for found in items] == ["第3篇", "第2篇", "第1篇"]
    assert items[0].published_at == datetime(2026, 5, 3, 1, 30, tzinfo=UTC)
    asked = len(site.asked)
    await site.read(adapter)
    assert len(site.asked) == asked + 1  # only the column page again


async def test_a_column_page_is_not_followed_into_the_past(site: Site) -> None:
    links = "".join(f'<a href="/a/{n}.html">第{n}篇标题</a>' for n in range(10))
    site.pages["/news/"] = Said(body=f"<html><div id='x'>{links}</div></html>")
    for number in range(10):
        page = article(TEXT, date="2026-05-06 09:00" if number < 2 else "2020-01-01 09:00")
        site.pages[f"/a/{number}.html"] = Said(body=page)
    items = await site.read(site.adapter("/news/", links="#x a"))
    assert len(items) == 5
    assert "/a/5.html" not in site.asked


async def test_short_entries_get_the_text_of_their_page(site: Site) -> None:
    source = '<link rel="canonical" href="https://mp.weixin.qq.com/s/AbC">'
    feed(site, rss(item(1, DATE, text="摘要"), item(2, "Fri, 01 May 2020 09:30:00 +0800")))
    page = article(TEXT, head=source)
    site.pages["/a/1.html"] = Said(body=page.encode("gb18030"), content_type="text/html")
    new, old = await site.read(site.adapter())
    assert new.text == f"{TEXT}\n来源：健康澜汀"
    assert new.source_url == "https://mp.weixin.qq.com/s/AbC"
    assert old.text == ""  # its beginning must not replace what was read when it was new
    assert "/a/2.html" not in site.asked


async def test_the_text_is_where_the_account_says(site: Site) -> None:
    body = f"<html><div id='ad'><p>{'广告' * 200}</p></div><div id='b'><p>{TEXT}</p></div></html>"
    feed(site, rss(item(1, DATE, text="摘要")))
    site.pages["/a/1.html"] = Said(body=body)
    [found] = await site.read(site.adapter(text="#b"))
    assert found.text == TEXT


async def test_an_unusable_rule_is_named(site: Site) -> None:
    feed(site, rss(item(1, DATE, text="摘要")))
    site.pages["/a/1.html"] = Said(body=article(TEXT))
    with pytest.raises(ContractBroken, match="text"):
        await site.read(site.adapter(text="###"))
    site.pages["/news/"] = Said(body="<html></html>")
    with pytest.raises(ContractBroken):
        await site.read(site.adapter("/news/", links="]["))


async def test_a_page_that_is_gone_leaves_what_the_list_says(site: Site) -> None:
    feed(site, rss(item(1, DATE, text="摘要"), item(2, DATE, text=TEXT * 3)))
    first, second = await site.read(site.adapter())
    assert (first.title, first.text) == ("第1篇", "摘要")
    assert second.text == TEXT * 3


async def test_a_page_that_fails_stops_the_reading_but_not_for_ever(site: Site) -> None:
    feed(site, rss(item(1, DATE, text="摘要")))
    site.pages["/a/1.html"] = Said(status=500)
    adapter = site.adapter()
    for _try in range(2):
        with pytest.raises(Unavailable):
            await site.read(adapter)
    [found] = await site.read(adapter)
    assert found.text == "摘要"


async def test_a_soft_404_is_no_text(site: Site) -> None:
    feed(site, rss(item(1, DATE, text="摘要")))
    site.pages["/a/1.html"] = Said(body="<html><h1>出错了</h1><p>页面不存在</p></html>")
    [found] = await site.read(site.adapter())
    assert found.text == "摘要"


async def test_undated_entries_keep_the_time_they_were_first_seen(site: Site) -> None:
    feed(site, rss(item(1, "", text=TEXT * 3)))
    adapter = site.adapter()
    [first] = await site.read(adapter)
    began = site.clock.now()
    site.clock.set(began + timedelta(hours=2))
    [again] = await site.read(adapter)
    assert first.published_at == again.published_at == began


async def test_a_time_in_the_future_is_not_believed(site: Site) -> None:
    feed(site, rss(item(1, "2027-01-01 09:30", text=TEXT * 3)))
    [found] = await site.read(site.adapter())
    assert found.published_at == site.clock.now()


async def test_a_reading_that_used_its_pages_up_goes_on_next_time(site: Site) -> None:
    feed(site, rss(*(item(n, DATE, text="摘要") for n in range(20))))
    for number in range(20):
        site.pages[f"/a/{number}.html"] = Said(body=article(TEXT))
    adapter = site.adapter()
    assert len(await site.read(adapter)) == 12
    # The engine now asks for what is new only; what is owed is read all the same.
    items = await site.read(adapter, days=0)
    assert len(items) == 20
    assert all(TEXT in found.text for found in items)


async def test_a_wordpress_feed_is_paged_back_until_it_is_known(site: Site) -> None:
    generator = "<generator>https://wordpress.org/?v=6.8</generator>"
    for page, path in enumerate(("/feed", "/feed?paged=2", "/feed?paged=3")):
        day = 6 - page
        one = item(page, f"2026-05-0{day} 09:30", text=TEXT * 3)
        site.pages[path] = Said(body=rss(one, more=generator), content_type="text/xml")
    assert len(await site.read(site.adapter(), days=40)) == 3
    assert "/feed?paged=4" in site.asked
    site.asked.clear()
    assert len(await site.read(site.adapter(), days=0.9)) == 2
    assert "/feed?paged=3" not in site.asked


async def test_nothing_new_costs_one_short_answer(site: Site) -> None:
    etag = 'W/"abc-gzip"'
    feed(site, rss(item(1, DATE, text=TEXT * 3)), ETag=etag, **{"Last-Modified": "yesterday"})
    adapter = site.adapter()
    first = await site.read(adapter)
    assert await site.read(adapter) == first
    assert site.headers[-1]["if-none-match"] == etag  # as it was, quotes and all
    assert site.headers[-1]["if-modified-since"] == "yesterday"
    assert "if-none-match" not in site.headers[0]
    assert len(site.asked) == 3  # robots.txt once


async def test_requests_come_one_by_one_and_say_who_asks(site: Site) -> None:
    feed(site, rss(*(item(n, DATE, text="摘要") for n in range(5))))
    await site.read(site.adapter())
    assert site.at_once == 1
    assert all("xuanfa-bot" in sent["user-agent"] for sent in site.headers)


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ("User-agent: *\nDisallow: /feed", False),
        ("User-agent: *\nDisallow: /*eed$", False),
        ("User-agent: xuanfa-bot\nDisallow: /", False),
        ("User-agent: other\nDisallow: /", True),
        ("", True),
    ],
)
async def test_robots_txt_is_kept(site: Site, rules: str, allowed: bool) -> None:
    site.pages["/robots.txt"] = Said(body=rules, content_type="text/plain")
    feed(site, rss(item(1, DATE, text=TEXT * 3)))
    if allowed:
        assert await site.read(site.adapter())
        return
    with pytest.raises(ContractBroken, match=r"robots\.txt"):
        await site.read(site.adapter())
    assert "/feed" not in site.asked


async def test_while_robots_txt_fails_nothing_is_read(site: Site) -> None:
    site.pages["/robots.txt"] = Said(status=500)
    feed(site, rss())
    with pytest.raises(Unavailable):
        await site.read(site.adapter())
    assert "/feed" not in site.asked


async def test_a_redirect_within_the_site_is_followed(site: Site) -> None:
    site.pages["/feed"] = Said(status=301, headers={"Location": "/rss.xml"})
    site.pages["/rss.xml"] = Said(body=rss(item(1, DATE, text=TEXT * 3)))
    assert len(await site.read(site.adapter())) == 1


@pytest.mark.parametrize("target", ["http://other.example/x", "/feed", "file:///etc/passwd", "//"])
async def test_other_redirects_are_not(site: Site, target: str) -> None:
    site.pages["/feed"] = Said(status=302, headers={"Location": target})
    with pytest.raises(ContractBroken):
        await site.read(site.adapter())
    assert len(site.asked) < 10


async def test_the_offices_own_network_is_not_read(site: Site) -> None:
    with pytest.raises(ContractBroken, match="内部网络"):
        await site.read(site.adapter(inside=False))
    assert site.asked == []


@pytest.mark.parametrize("kind", ["plain", "packed answer", "packed file"])
async def test_what_is_too_large_is_not_read_to_its_end(site: Site, kind: str) -> None:
    bomb = b" " * 60_000_000
    if kind == "plain":
        feed(site, bomb[:400_000])
    elif kind == "packed answer":
        feed(site, zlib.compress(bomb, 9), **{"Content-Encoding": "deflate"})
    else:
        feed(site, gzip.compress(bomb, 9), "application/gzip")
    with pytest.raises(ContractBroken, match="超过"):
        await site.read(site.adapter())


async def test_entities_are_not_expanded(site: Site) -> None:
    nested = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    bomb = (
        f'<!DOCTYPE rss [<!ENTITY a0 "哈哈哈哈">{nested}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    )
    text = rss(item(1, DATE, title="题&a8;&f;", text=TEXT * 3)).replace("?>", f"?>{bomb}", 1)
    feed(site, text)
    [found] = await site.read(site.adapter())
    assert len(found.title) < 100
    assert "root:" not in found.title


@pytest.mark.parametrize(
    "body",
    [
        "<rss version='2.0'><channel><item><title>题</title><link>/a/1.html</link>",
        rss(item(1, DATE, text=TEXT * 3)).replace("</channel></rss>", "<br>&nbsp;&copy; \x0b"),
    ],
)
async def test_broken_xml_gives_what_can_be_read(site: Site, body: str) -> None:
    feed(site, body)
    assert [found.url for found in await site.read(site.adapter())] == [f"{site.url}/a/1.html"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"items": []}', b"\x00\xff\x13" * 99, b"ok", b"<xml/>", b"{" * 9999]
)
async def test_what_is_no_list_is_named(site: Site, body: bytes) -> None:
    feed(site, body)
    with pytest.raises(ContractBroken):
        await site.read(site.adapter())


async def test_a_block_page_is_no_empty_feed(site: Site) -> None:
    """A firewall answers 200 with a page; the account is unknown then, not silent."""
    feed(site, "<html><body>您的访问被拦截</body></html>", "text/html")
    with pytest.raises(ContractBroken):
        await site.read(site.adapter())


@pytest.mark.parametrize(
    ("after", "seconds"), [("120", 120), ("Wed, 06 May 2026 02:05:00 GMT", 300), ("soon", None)]
)
async def test_a_site_that_asks_to_wait_is_left_alone(
    site: Site, after: str, seconds: int | None
) -> None:
    site.pages["/feed"] = Said(status=503, headers={"Retry-After": after})
    with pytest.raises(RateLimited) as raised:
        await site.read(site.adapter())
    wanted = None if seconds is None else site.clock.now() + timedelta(seconds=seconds)
    assert raised.value.retry_at == wanted


async def test_a_site_that_is_gone_is_unavailable(site: Site) -> None:
    await site.unplug()
    with pytest.raises(Unavailable):
        await site.read(site.adapter())


async def test_an_account_without_an_address_is_told_what_to_enter(site: Site) -> None:
    with pytest.raises(ContractBroken, match="feed") as raised:
        await site.read(site.adapter(""))
    assert raised.value.advice


@pytest.mark.parametrize("address", ["ftp://x.example/", "http://[::1", "https://", "x"])
async def test_what_is_no_address_is_named(site: Site, address: str) -> None:
    with pytest.raises(ContractBroken):
        await site.read(site.adapter("", feed=address))


@pytest.mark.parametrize(
    "body",
    [
        rss(f"<item><title>题</title><link>http://[::1/a</link><pubDate>{DATE}</pubDate></item>"),
        "<urlset><url><loc>http://[bad</loc><lastmod>2026-05-06</lastmod></url></urlset>",
        "<urlset>" + "<url><loc>" * 20_000,
        "<html>" + "<div>" * 20_000 + "<a class='x' href='http://[bad'>题</a>",
        '{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"http://[x"}]}',
    ],
)
async def test_addresses_that_are_none_and_endless_nesting_do_no_harm(
    site: Site, body: str
) -> None:
    feed(site, body)
    try:
        items = await site.read(site.adapter(links=".x"))
    except ContractBroken:
        items = []
    assert all(not found.url for found in items)


@pytest.mark.parametrize("seed", range(20))
async def test_spoilt_lists_are_read_or_named(site: Site, seed: int) -> None:
    """Bytes lost, doubled and mixed up on the way: never anything but items or a typed error."""
    chance = random.Random(seed)
    good = rss(item(1, DATE, text=TEXT), item(2, "2026-05-06", title="&#38;题")).encode("gb18030")
    marks = [b"&#x110000;", b"]]>", b"<item>", b"</item>", b"\x00", b"http://[", b"<!DOCTYPE x ["]
    spoilt = good
    for _mark in range(chance.randint(1, 5)):
        at = chance.randrange(len(spoilt))
        spoilt = spoilt[:at] + chance.choice(marks) + spoilt[at + chance.randint(0, 9) :]
    feed(site, spoilt)
    try:
        items = await site.read(site.adapter())
    except ContractBroken:
        items = []
    assert all(found.platform_id and len(found.title) < 200 for found in items)


class _Spent:
    """An office that has used its calls up."""

    def __init__(self, again: datetime) -> None:
        self.again = again

    async def take(self) -> datetime | None:
        return self.again


async def test_the_offices_own_rate_is_kept(site: Site) -> None:
    again = site.clock.now() + timedelta(minutes=1)
    feed(site, rss(item(1, DATE, text=TEXT * 3)))
    with pytest.raises(RateLimited) as raised:
        await site.read(site.adapter(pace=_Spent(again)))
    assert (raised.value.retry_at, site.asked) == (again, [])
