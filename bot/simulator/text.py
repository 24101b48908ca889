"""What the platforms do to texts: cleaning, comparing, measuring."""

import html
import re
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import urlsplit

_DROPPED_WITH_CONTENT = frozenset({"script", "style", "iframe", "form", "object", "noscript"})
_DROPPED = frozenset({"link", "meta", "base", "input", "button", "embed"})
_VOID = frozenset({"br", "img", "hr", "col", "wbr", "source", "path", "rect", "circle", "use"})
_IMAGE_HOSTS = ("mmbiz.qpic.cn", "mmbiz.qlogo.cn")
_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"<[^>]*>")


def host_of(url: str) -> str:
    """The host of a URL in lower case; empty when there is none or the URL is broken."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []
        self._skipping = 0  # depth inside a dropped element

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED_WITH_CONTENT:
            self._skipping += 1
        elif not self._skipping and tag not in _DROPPED and _may_stay(tag, attrs):
            self.out.append(f"<{tag}{_kept(tag, attrs)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        dropped = self._skipping or tag in _DROPPED | _DROPPED_WITH_CONTENT
        if not dropped and _may_stay(tag, attrs):
            self.out.append(f"<{tag}{_kept(tag, attrs)}/>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED_WITH_CONTENT:
            self._skipping = max(0, self._skipping - 1)
        elif not self._skipping and tag not in _DROPPED | _VOID:
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.out.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")


def _may_stay(tag: str, attrs: list[tuple[str, str | None]]) -> bool:
    if tag != "img":
        return True
    source = dict(attrs).get("src") or dict(attrs).get("data-src") or ""
    return host_of(source) in _IMAGE_HOSTS


def _kept(tag: str, attrs: list[tuple[str, str | None]]) -> str:
    kept = []
    for name, value in attrs:
        if name in ("class", "id") or name.startswith("on"):
            continue
        if tag == "a" and name == "href" and not _inside(value or ""):
            continue
        kept.append(f' {name}="{html.escape(value or "")}"')
    return "".join(kept)


def _inside(url: str) -> bool:
    return host_of(url) == "mp.weixin.qq.com"


def clean_html(content: str) -> str:
    """The HTML as WeChat keeps it: no script, style, frame, handler, class, id or foreign image.

    Official words: JavaScript is removed, images not from `uploadimg` are filtered. The rest is
    practice of open-source editors.
    https://developers.weixin.qq.com/doc/subscription/api/draftbox/draftmanage/api_draft_add
    """
    cleaner = _Cleaner()
    cleaner.feed(content)
    cleaner.close()
    return "".join(cleaner.out)


def plain(content: str) -> str:
    """The text without tags and white space: what comparisons work on."""
    return _SPACE.sub("", html.unescape(_TAG.sub("", content)))


def likeness(one: str, other: str) -> float:
    """How much two texts share, 0 to 1, by pairs of neighbouring characters."""
    first, second = _pairs(one), _pairs(other)
    total = first.total() + second.total()
    if total == 0:
        return float(one == other)
    return 2 * (first & second).total() / total


def _pairs(text: str) -> Counter[str]:
    return Counter(text[i : i + 2] for i in range(len(text) - 1))


URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


def weibo_length(text: str) -> int:
    """Length in Chinese characters as Weibo's composer counts: half-width 1, else 2, halved up.

    An http URL counts 20 half-width units up to 140 characters, then 20 plus the excess; links to
    t.cn and short links to Weibo itself count as they are. Whether https links get the same
    treatment is unknown, so they count in full.
    Source: src/TweetUtils.py of https://github.com/WeCase/WeCase, read 2026-11-21.
    """
    units = sum(1 if ch <= "\x80" else 2 for ch in text)
    for url in URL.findall(text):
        units += _url_units(url) - len(url)
    return -(-units // 2)


def _url_units(url: str) -> int:
    host = host_of(url)
    if not url.startswith("http://") or host == "t.cn":
        return len(url)
    if host.endswith(("weibo.com", "weibo.cn")) and len(url) <= 41:
        return len(url)
    return 20 + max(0, len(url) - 140)


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def base62(number: int) -> str:
    """A number in Weibo's base 62."""
    out = _DIGITS[number % 62]
    while number := number // 62:
        out = _DIGITS[number % 62] + out
    return out


def weibo_bid(mid: int) -> str:
    """The short id in a post's public link: groups of 7 digits from the right, each in base 62.

    3436240135184587 gives yfcLPlKKn. Source: https://open.weibo.com/wiki/2/statuses/querymid
    """
    groups: list[str] = []
    while mid > 0:
        mid, group = divmod(mid, 10**7)
        groups.insert(0, base62(group).rjust(4, "0") if mid else base62(group))
    return "".join(groups)
