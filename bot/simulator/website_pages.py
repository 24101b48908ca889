"""The public side of a simulated site: home page, articles, feeds, sitemap, robots.txt.

Feeds and sitemap as WordPress serves them: the newest ten, `?paged=2`, ETag and Last-Modified.
Sources: https://www.rssboard.org/rss-specification, https://www.rfc-editor.org/rfc/rfc4287,
https://www.jsonfeed.org/version/1.1/, https://www.sitemaps.org/protocol.html,
https://www.rfc-editor.org/rfc/rfc9110#section-13 (read 2026-11-21).
"""

import json
from collections.abc import Callable
from email.utils import formatdate
from html import escape
from typing import Final

from bot.simulator.clock import iso
from bot.simulator.store import Core, digest
from bot.simulator.website_state import Entry, Site, local
from bot.simulator.wire import Answer, Call

_LISTED: Final = 10


def robots(call_host: str, sites: list[str]) -> str:
    """robots.txt of the whole machine: WordPress's own rules for each site."""
    lines = ["User-agent: *"]
    for account in sites:
        lines.append(f"Disallow: /website/{account}/wp-admin/")
        lines.append(f"Allow: /website/{account}/wp-admin/admin-ajax.php")
    lines += [f"Sitemap: http://{call_host}/website/{a}/wp-sitemap.xml" for a in sites]
    return "\n".join(lines) + "\n"


def missing() -> Answer:
    """A page that is not there."""
    return _html("<h1>404</h1><p>页面不存在</p>", status=404)


def too_large() -> Answer:
    """What the web server says before WordPress is asked."""
    return _html("<h1>413 Request Entity Too Large</h1>", status=413)


def serve(core: Core, site: Site, call: Call, path: str) -> Answer:
    """One public page."""
    home = site.home
    lists: dict[str, Callable[[str, Site, list[Entry]], Answer]] = {
        "/feed/": _rss,
        "/feed/atom/": _atom,
        "/feed/json/": _json_feed,
        "/wp-sitemap.xml": _sitemap_index,
        "/wp-sitemap-posts-post-1.xml": _sitemap,
        "/": _home,
    }
    shown = site.public(core.now())
    if path in lists:
        paged = call.query.get("paged", "1")
        page = int(paged) if paged.isdigit() and int(paged) else 1
        if path.startswith("/feed"):
            shown = shown[(page - 1) * _LISTED : page * _LISTED]
            if page > 1 and not shown:
                return missing()
        return _conditional(lists[path](home, site, shown), call, shown)
    for entry in shown:
        if entry.path == path:
            return _article(home, site, entry)
    return missing()


def _conditional(answer: Answer, call: Call, shown: list[Entry]) -> Answer:
    """304 when the caller has just this; the ETag decides where both are sent."""
    changed = max((e.modified for e in shown), default=0.0)
    tag, since = f'W/"{digest(answer.raw)[:16]}"', formatdate(changed, usegmt=True)
    headers = {"ETag": tag, "Last-Modified": since}
    given = call.headers.get("If-None-Match")
    same = given == tag if given else call.headers.get("If-Modified-Since") == since
    if same:
        return Answer(body=None, status=304, raw="", headers=headers)
    return Answer(
        body=None,
        raw=answer.raw,
        content_type=answer.content_type,
        headers=headers,
    )


def _html(body: str, *, head: str = "", status: int = 200) -> Answer:
    page = f'<!DOCTYPE html><html lang="zh"><head><meta charset="utf-8">{head}</head>'
    return Answer(
        body=None,
        status=status,
        content_type="text/html",
        raw=f"{page}<body>{body}</body></html>",
    )


def _home(home: str, site: Site, shown: list[Entry]) -> Answer:
    head = (
        f"<title>{escape(site.name)}</title>"
        f'<link rel="alternate" type="application/rss+xml" href="{home}/feed/">'
        f'<link rel="https://api.w.org/" href="{home}/wp-json/">'
    )
    items = "".join(
        f'<li><a href="{home}{e.path}">{escape(e.title)}</a></li>' for e in shown[:_LISTED]
    )
    return _html(f"<nav>首页 科普 通知</nav><ul>{items}</ul>", head=head)


def _article(home: str, site: Site, entry: Entry) -> Answer:
    day = local(entry.post.public_at or 0.0)[:16].replace("T", " ")
    head = (
        f"<title>{escape(entry.title)} - {escape(site.name)}</title>"
        f'<meta name="ArticleTitle" content="{escape(entry.title)}">'
        f'<meta name="PubDate" content="{day}">'
        f'<meta name="ContentSource" content="{escape(site.name)}">'
        f'<link rel="canonical" href="{home}{entry.path}">'
    )
    return _html(
        f"<nav>首页 科普 通知</nav><article>{entry.content}</article><footer>ICP备</footer>",
        head=head,
    )


def _rss(home: str, site: Site, shown: list[Entry]) -> Answer:
    items = "".join(
        f"<item><title>{escape(e.title)}</title><link>{home}{e.path}</link>"
        f'<guid isPermaLink="false">{home}/?p={e.id}</guid>'
        f"<pubDate>{_mail_date(e)}</pubDate>"
        f"<content:encoded><![CDATA[{e.content}]]></content:encoded></item>"
        for e in shown
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{escape(site.name)}</title><link>{home}/</link>"
        f"<generator>https://wordpress.org/?v=6.8</generator>{items}</channel></rss>"
    )
    return Answer(body=None, content_type="application/rss+xml", raw=text)


def _mail_date(entry: Entry) -> str:
    return formatdate(entry.post.public_at or 0.0).replace("-0000", "+0000")


def _atom(home: str, site: Site, shown: list[Entry]) -> Answer:
    items = "".join(
        f"<entry><title>{escape(e.title)}</title><id>{home}/?p={e.id}</id>"
        f'<link rel="alternate" href="{home}{e.path}"/>'
        f"<published>{iso(e.post.public_at or 0.0)}</published>"
        f'<content type="html">{escape(e.content)}</content></entry>'
        for e in shown
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{escape(site.name)}</title>{items}</feed>"
    )
    return Answer(body=None, content_type="application/atom+xml", raw=text)


def _json_feed(home: str, site: Site, shown: list[Entry]) -> Answer:
    items = [
        {
            "id": str(e.id),
            "url": f"{home}{e.path}",
            "title": e.title,
            "content_html": e.content,
            "date_published": iso(e.post.public_at or 0.0),
        }
        for e in shown
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": site.name, "items": items}
    text = json.dumps(feed, ensure_ascii=False)
    return Answer(body=None, content_type="application/feed+json", raw=text)


def _sitemap_index(home: str, site: Site, shown: list[Entry]) -> Answer:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"<sitemap><loc>{home}/wp-sitemap-posts-post-1.xml</loc></sitemap></sitemapindex>"
    )
    return Answer(body=None, content_type="application/xml", raw=text)


def _sitemap(home: str, site: Site, shown: list[Entry]) -> Answer:
    urls = "".join(
        f"<url><loc>{home}{e.path}</loc><lastmod>{iso(e.modified)}</lastmod></url>" for e in shown
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    )
    return Answer(body=None, content_type="application/xml", raw=text)
