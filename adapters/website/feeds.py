"""Lists a site publishes about itself, as entries: RSS, Atom, JSON Feed, sitemap, column page.

https://www.rssboard.org/rss-specification · https://www.rfc-editor.org/rfc/rfc4287 ·
https://www.jsonfeed.org/version/1.1/ · https://www.sitemaps.org/protocol.html (read 2026-11-21)
"""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo

import feedparser
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from adapters.website.dates import Moment, moment
from adapters.website.page import is_web, joined, parsed, text_of

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_MARKUP = re.compile(r"<(rss|feed|rdf:rdf|urlset|sitemapindex|html|!doctype html)\b", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_PART_END = re.compile(r"</(?:\w+:)?(url|sitemap)\s*>", re.IGNORECASE)
_LOC = re.compile(r"<(?:\w+:)?loc\s*>", re.IGNORECASE)
_LASTMOD = re.compile(r"<(?:\w+:)?lastmod\s*>", re.IGNORECASE)
_CDATA = "<![CDATA["
_ENTRIES_MAX = 1000  # of a feed; a list of articles is shorter
_PARTS_MAX = 50_000  # of one sitemap, by its protocol
_WHOLE = 300  # a feed's text of so many characters is taken for the whole article


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a list; "" and None: the list does not say."""

    url: str
    title: str = ""
    text: str = ""  # plain
    published: Moment | None = None
    changed: Moment | None = None  # of sitemaps; often the time the site was built
    source_url: str = ""
    whole: bool = False  # `text` is the article, not its beginning


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a list holds, or where the real list is."""

    entries: tuple[Entry, ...] = ()
    parts: tuple[Entry, ...] = ()  # further sitemaps of an index
    found: tuple[str, ...] = ()  # feeds a page of the site names
    sitemap: bool = False
    page: bool = False  # an HTML page, no list at all
    paged: bool = False  # ?paged=2 goes on (WordPress)


class NoList(ValueError):
    """The answer is no list this program can read."""


def listing(text: str, url: str, zone: tzinfo, links: str = "") -> Listing:
    """The list in `text`, whatever kind it is; `links` (CSS) finds the articles of a column page.

    Raises NoList.
    """
    if text.lstrip().startswith("{"):
        return _json_feed(text, url, zone)
    kind = _MARKUP.search(text[:4096])
    name = kind[1].lower() if kind else ""
    if name in ("urlset", "sitemapindex"):
        return _sitemap(text, url, zone)
    if name in ("rss", "feed", "rdf:rdf"):
        return _xml_feed(text, url, zone)
    if name:
        return _column(text, url, links)
    raise NoList(url)


def _xml_feed(text: str, url: str, zone: tzinfo) -> Listing:
    # Decoded already: what the XML says of its encoding is not so any more. As a file, because
    # the library takes a string for an address and opens it.
    plain = io.BytesIO(_DECLARATION.sub("", text, count=1).encode("utf-8", "replace"))
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    try:
        found = feedparser.parse(plain, response_headers=headers)
    except Exception as error:
        # The library takes nearly everything; what it does not, ends in errors of many kinds.
        raise NoList(url) from error
    if not found.version and not found.entries:
        raise NoList(url)
    entries = tuple(
        one for raw in found.entries[:_ENTRIES_MAX] if (one := _entry(raw, url, zone)) is not None
    )
    paged = "wordpress" in str(found.feed.get("generator", "")).lower()
    return Listing(entries=entries, paged=paged)


def _entry(raw: Mapping[str, object], url: str, zone: tzinfo) -> Entry | None:
    link = str(raw.get("link") or "")
    name = joined(url, link) if link else str(raw.get("id") or "")
    if not name:
        return None
    contents = raw.get("content")
    values = [str(c.get("value", "")) for c in contents] if isinstance(contents, list) else []
    body = text_of(max(values, key=len)) if values else ""
    summary = text_of(str(raw.get("summary") or ""))
    said = str(raw.get("published") or raw.get("updated") or "")
    text = max(body, summary, key=len)
    return Entry(
        url=name,
        title=text_of(str(raw.get("title") or "")),
        text=text,
        published=moment(said, zone),
        whole=bool(body) or len(text) >= _WHOLE,
    )


def _json_feed(text: str, url: str, zone: tzinfo) -> Listing:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoList(url) from error
    if not isinstance(data, dict) or "jsonfeed.org/version" not in str(data.get("version")):
        raise NoList(url)
    items = data.get("items")
    raws = [raw for raw in items if isinstance(raw, dict)] if isinstance(items, list) else []
    entries = (_json_entry(raw, url, zone) for raw in raws[:_ENTRIES_MAX])
    return Listing(entries=tuple(entry for entry in entries if entry.url))


def _json_entry(raw: Mapping[str, object], url: str, zone: tzinfo) -> Entry:
    def said(name: str) -> str:
        value = raw.get(name)
        return value if isinstance(value, str) else ""

    body = said("content_text") or text_of(said("content_html"))
    own, other = said("url"), said("external_url")
    return Entry(
        url=joined(url, own or other or str(raw.get("id", ""))),
        title=said("title"),
        text=body or said("summary"),
        published=moment(said("date_published") or said("date_modified"), zone),
        source_url=joined(url, other) if own and other else "",
        whole=bool(body),
    )


def _sitemap(text: str, url: str, zone: tzinfo) -> Listing:
    """The pages of a sitemap. Read by pattern: with no XML parser there is nothing to expand."""
    pages: list[Entry] = []
    parts: list[Entry] = []
    at = 0
    for number, end in enumerate(_PART_END.finditer(text)):
        piece, at = text[at : end.start()], end.end()
        loc, changed = _inside(piece, _LOC), _inside(piece, _LASTMOD)
        if number >= _PARTS_MAX:
            break
        if where := joined(url, loc) if loc else "":
            entry = Entry(url=where, changed=moment(changed, zone))
            (parts if end[1].lower() == "sitemap" else pages).append(entry)
    return Listing(entries=tuple(pages), parts=tuple(parts), sitemap=True)


def _inside(piece: str, tag: re.Pattern[str]) -> str:
    """What stands in the element; "" when it is not there."""
    begin = tag.search(piece)
    if begin is None:
        return ""
    xml = piece[begin.end() :].partition("</")[0].strip()
    if xml.startswith(_CDATA):
        return xml.removeprefix(_CDATA).partition("]]>")[0].strip()
    return html.unescape(xml)


def _column(text: str, url: str, links: str) -> Listing:
    tree = parsed(text)
    feeds = dict.fromkeys(
        joined(url, node.attributes.get("href") or "")
        for kind in _FEED_TYPES
        for node in tree.css(f'link[rel~="alternate"][type="{kind}"]')
        if node.attributes.get("href") and "comments" not in (node.attributes.get("href") or "")
    )
    entries = tuple(_links(tree, url, links)) if links else ()
    return Listing(entries=entries, found=tuple(feeds), page=True)


def _links(tree: LexborHTMLParser, url: str, selector: str) -> Iterator[Entry]:
    try:
        nodes = tree.css(selector)
    except (SelectolaxError, ValueError) as error:
        raise NoList(selector) from error
    seen = set()
    for node in nodes:
        target = joined(url, node.attributes.get("href") or "")
        if is_web(target) and target not in seen and target != url:
            seen.add(target)
            title = node.attributes.get("title") or node.text(strip=True)
            yield Entry(url=target, title=title)
