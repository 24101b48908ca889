"""An article's page: title, time, source and the words of its body.

Government sites label their pages by 国办发〔2017〕47号《政府网站发展指引》: ArticleTitle, PubDate,
ContentSource (names taken from live pages, without case). Other sites mostly lack them; then
Open Graph, the heading and the line 「来源：… 发布时间：…」 are taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from adapters.website.dates import Moment, moment

_NO_TEXT = ("script", "style", "noscript", "template", "iframe", "form", "select", "button", "svg")
_AROUND = ("nav", "header", "footer", "aside")
_BLOCKS = frozenset(
    {
        *("p", "div", "section", "article", "main", "li", "ul", "ol", "td", "th", "tr", "table"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "figure", "figcaption", "pre", "body"),
        *("dd", "dt", "br", "hr", "title"),
    }
)
# Where the systems in use put the body; seen on pages of government and hospital sites.
_BODIES = (
    *("[itemprop=articleBody]", "#UCAP-CONTENT", ".TRS_Editor", ".trs_editor_view"),
    *(".v_news_content", "#zoom", ".entry-content", ".article-content", ".pages_content"),
    *("article", "main"),
)
_TITLES = ("articletitle", "og:title", "title")
_DATES = ("pubdate", "publishdate", "article:published_time", "datepublished", "og:release_date")
_SAID_TIME = re.compile(r"(?:发布|发表|更新)?(?:时间|日期)\s*[:：]\s*(\d{4}[^\n]{6,24})")
_SAID_SOURCE = re.compile(r"来源|转自|转载|原文")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>?")
# Not closed by everybody, or never.
_NEVER_NESTED = frozenset(
    {
        *("p", "br", "img", "li", "td", "tr", "th", "hr", "meta", "link", "input", "option"),
        *("dd", "dt", "col", "source", "area", "base", "wbr", "param", "embed", "track"),
    }
)
_DEPTH_MAX = 500
_LINKS_LOOKED_AT = 500
_MIN_TEXT = 80  # a page without any label and with fewer characters is no article


@dataclass(frozen=True, kw_only=True)
class Page:
    """What one page says."""

    title: str
    text: str  # plain, with the source it names; "" when no body was found
    published: Moment | None
    source_url: str  # the page it is declared to be a copy of, "" if none
    labelled: bool  # it says by its labels that it is an article


def read_page(html: str, url: str, zone: tzinfo, selector: str = "") -> Page:
    """The article on a page; `selector` (CSS) says where its body is.

    Raises ValueError for a selector that is none.
    """
    tree = parsed(html)
    meta = dict(_meta(tree))
    facts = _json_ld(tree)
    labelled = _labelled(meta, facts)
    source = _source_url(tree, meta, facts, url)
    tree.strip_tags([*_NO_TEXT, *_AROUND])
    whole = _words(tree.body)
    said = _SAID_TIME.search(whole)
    dates = [*(meta[name] for name in _DATES if name in meta), str(facts.get("datePublished", ""))]
    found = (moment(text, zone) for text in [*dates, said[1] if said else ""] if text)
    body = _body(tree, selector)
    text = _words(body)
    name = meta.get("contentsource", "")
    if name and name not in text:
        text = f"{text}\n来源：{name}"
    return Page(
        title=_title(tree, meta, facts),
        text=text if labelled or selector or len(text) >= _MIN_TEXT else "",
        published=next((one for one in found if one is not None), None),
        source_url=source,
        labelled=labelled,
    )


def parsed(html: str) -> LexborHTMLParser:
    """The page as a tree; of one nested beyond reason only the words.

    Parsing takes time with the square of the depth, and nobody writes pages this deep.
    """
    depth = deepest = 0
    for tag in _TAG.finditer(html):
        if tag[2].lower() in _NEVER_NESTED:
            continue
        depth = max(0, depth - 1) if tag[1] else depth + 1
        deepest = max(deepest, depth)
    return LexborHTMLParser(html if deepest <= _DEPTH_MAX else _TAG.sub(" ", html))


def text_of(html: str) -> str:
    """The words of a piece of HTML, one line for each block."""
    tree = parsed(html)
    tree.strip_tags(list(_NO_TEXT))
    return _words(tree.body)


def _meta(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    for node in reversed(tree.css("meta")):  # of two equal names the first one stays
        name = node.attributes.get("name") or node.attributes.get("property")
        name = name or node.attributes.get("itemprop")
        content = node.attributes.get("content")
        if name and content and content.strip():
            yield name.strip().lower(), content.strip()


def _json_ld(tree: LexborHTMLParser) -> dict[str, object]:
    """schema.org data of the page; {} when there is none that can be read."""
    for node in tree.css('script[type="application/ld+json"]'):
        try:
            data = json.loads(node.text())
        except (ValueError, RecursionError):
            continue
        for one in data if isinstance(data, list) else [data]:
            if isinstance(one, dict) and ("datePublished" in one or "headline" in one):
                return one
    return {}


def _labelled(meta: dict[str, str], facts: dict[str, object]) -> bool:
    marks = ("articletitle", "pubdate", "article:published_time")
    return any(name in meta for name in marks) or meta.get("og:type") == "article" or bool(facts)


def _title(tree: LexborHTMLParser, meta: dict[str, str], facts: dict[str, object]) -> str:
    named = next((meta[name] for name in _TITLES if name in meta), "")
    heading = tree.css_first("h1") or tree.css_first("title")
    return named or str(facts.get("headline", "")) or _words(heading).replace("\n", " ")


def _source_url(
    tree: LexborHTMLParser, meta: dict[str, str], facts: dict[str, object], url: str
) -> str:
    """Another site's page that this one names as its own address or as its source."""
    canonical = tree.css_first('link[rel="canonical"]')
    declared = canonical.attributes.get("href") if canonical else None
    based = facts.get("isBasedOn")
    for other in (declared, meta.get("og:url"), based if isinstance(based, str) else None):
        if other and _elsewhere(joined(url, other), url):
            return joined(url, other)
    for link in tree.css("a[href^=http]")[:_LINKS_LOOKED_AT]:
        href, parent = link.attributes.get("href") or "", link.parent
        around = parent.text() if parent is not None else ""
        if len(around) < _MIN_TEXT and _SAID_SOURCE.search(around) and _elsewhere(href, url):
            return href
    return ""


def _elsewhere(other: str, url: str) -> bool:
    try:
        there, here = urlsplit(other).hostname or "", urlsplit(url).hostname or ""
    except ValueError:
        return False
    return there != "" and bare_host(there) != bare_host(here)


def joined(url: str, other: str) -> str:
    """The address `other` stands for on the page at `url`; "" when it is none."""
    try:
        return urljoin(url, other.strip())
    except ValueError:
        return ""


def is_web(url: str) -> bool:
    """True for an address a browser can open."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def bare_host(host: str) -> str:
    """A host without www., m. or wap.: the same site for a desk and for a phone."""
    return re.sub(r"^(?:www|m|wap|3g)\.", "", host.lower())


def _body(tree: LexborHTMLParser, selector: str) -> LexborNode | None:
    if selector:
        try:
            return tree.css_first(selector)
        except (SelectolaxError, ValueError) as error:
            raise ValueError(selector) from error
    for known in _BODIES:
        found = tree.css_first(known)
        if found is not None and len(found.text(strip=True)) >= _MIN_TEXT // 4:
            return found
    return _densest(tree)


def _densest(tree: LexborHTMLParser) -> LexborNode | None:
    """The element with the most words in its own paragraphs, links not counted."""
    sizes: dict[int, tuple[int, LexborNode]] = {}
    for paragraph in tree.css("p"):
        parent = paragraph.parent
        if parent is None:
            continue
        linked = sum(len(link.text()) for link in paragraph.css("a"))
        size = len(paragraph.text(strip=True)) - linked
        before = sizes.get(parent.mem_id, (0, parent))[0]
        sizes[parent.mem_id] = (before + size, parent)
    best = max(sizes.values(), key=lambda one: one[0], default=None)
    return best[1] if best is not None else tree.body


def _words(root: LexborNode | None) -> str:
    """The text below `root`, a new line where the nearest block changes."""
    lines: list[str] = [""]
    last = 0
    blocks: dict[int, int] = {}  # of each element the block it is in; parents come first
    for node in root.traverse(include_text=True) if root is not None else ():
        parent = node.parent
        above = blocks.get(parent.mem_id, 0) if parent is not None else 0
        if node.tag != "-text":
            blocks[node.mem_id] = node.mem_id if node.tag in _BLOCKS else above
            if node.tag == "br":
                lines.append("")
            continue
        if above != last:
            lines.append("")
            last = above
        lines[-1] += node.text_content or ""
    clean = (" ".join(line.split()) for line in lines)
    return "\n".join(line for line in clean if line)
