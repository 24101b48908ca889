"""Weibo's texts: their length, how a status is put together, and how it is recognised again."""

from __future__ import annotations

import html
import re
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from adapters.weibo.limits import TEXT_LIMIT
from bot.domain.post import Kind, Variant

URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_URL_UNITS = 20  # the composer counts a short link as ten characters
_TOPIC = re.compile(r"#[^#]+#")
_HALF = re.compile("[\0-\x80]")
_BLANK = re.compile(r"[\s\u200b\u200c\u200d\ufeff]+")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MORE = "全文"  # ends a text that the list shows only in part


def length(text: str) -> int:
    """Length in Chinese characters: half-width counts half, rounded up, links at least ten.

    The composer's own rule for http links is kinder; links count in full here because the rule
    for https is unknown. Source: https://github.com/WeCase/WeCase src/TweetUtils.py (facts only).
    """
    return -(-_units(text) // 2)


def _units(text: str) -> int:
    units = 2 * len(text) - len(_HALF.findall(text))
    return units + sum(max(0, _URL_UNITS - len(url)) for url in URL.findall(text))


def compose(variant: Variant, safe_link: str) -> str:
    """The status as it is sent: text, label line of a reprint, links.

    A reprint's body is cut with "…" so that label, marker and links always survive; an original
    is never cut.
    """
    body = (variant.text or variant.title).strip()
    tail = _tail(variant, body, safe_link)
    if variant.kind is Kind.ORIGINAL:
        return body + (f" {tail}" if tail else "")
    whole = _with_label(variant, tail)
    if _units(body) + _units(whole) <= 2 * TEXT_LIMIT:
        return body + whole
    whole = _with_label(variant, _tail(variant, "", safe_link))  # a link in the body may be cut off
    return _cut(body, 2 * TEXT_LIMIT - _units(whole)) + whole


def compose_repost(variant: Variant, link: str) -> str:
    """What stands above an in-platform repost: the label line; the original shows below it."""
    return " ".join(part for part in (_label(variant), link) if part)


def _with_label(variant: Variant, tail: str) -> str:
    return "\n" + " ".join(part for part in (_label(variant), tail) if part)


def _label(variant: Variant) -> str:
    missing = variant.marker and not has_marker(variant.label, variant.marker)
    return f"{variant.label} {variant.marker}".strip() if missing else variant.label


def _tail(variant: Variant, body: str, safe_link: str) -> str:
    """The links that must be added: the post's own, and a safe one when that is not safe."""
    links: list[str] = []
    if variant.link and variant.link not in body:
        links.append(variant.link)
    if safe_link and not has_safe_link(" ".join([body, *links]), safe_link):
        links.append(safe_link)
    return " ".join(links)


def _cut(body: str, units: int) -> str:
    kept = max(0, min(len(body), units))  # every sign counts at least one
    while kept and _units(body[:kept]) + 2 > units:
        kept -= 1
    for url in URL.finditer(body):
        if url.start() < kept < url.end():
            kept = url.start()  # half a link leads nowhere
    return body[:kept].rstrip() + "…"


_OFFICIAL = re.compile(r"(的?官方)?(认证)?(微博|账号|帐号|官微)$")


def verified_name(reason: str) -> str:
    """The name in 认证说明: "澜汀区卫生健康委员会官方微博" names 澜汀区卫生健康委员会.

    The platform verifies a free text, so what is left may still be more than a name.
    """
    return _OFFICIAL.sub("", reason.strip()).strip()


def own_words(text: str) -> str:
    """What the author of a repost wrote; after "//@name:" come the words of those before."""
    return text.partition("//@")[0]


def has_safe_link(text: str, safe_link: str) -> bool:
    """True when `text` has a link under the domain of `safe_link` (any link when that is "")."""
    if not safe_link:
        return URL.search(text) is not None
    safe = _host(safe_link)
    hosts = (_host(url) for url in URL.findall(text))
    return any(host == safe or host.endswith("." + safe) for host in hosts)


@lru_cache(maxsize=256)
def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # "http://[" and the like
        return ""


def topics(text: str) -> list[str]:
    """The `#…#` topics in a text; a `#` inside a link is none."""
    return _TOPIC.findall(URL.sub(" ", text))


def has_marker(text: str, marker: str) -> bool:
    """True when the text carries exactly this marker 稿号, not a longer one."""
    edge = "[A-Za-z0-9-]"
    pattern = rf"(?<!{edge}){re.escape(marker)}(?!{edge})"
    return bool(marker) and re.search(pattern, text) is not None


def same_text(sent: str, shown: str, *, cut: bool = False) -> bool:
    """True when a listed text is the one sent: links are rewritten to t.cn, blanks move.

    `cut`: the list shows only the beginning (isLongText).
    """
    first, second = _bare(sent), _bare(shown)
    if not cut:
        return first == second
    second = second.removesuffix(_MORE).rstrip(".…")
    return len(second) >= 20 and first.startswith(second)


def _bare(text: str) -> str:
    return _BLANK.sub("", URL.sub("", html.unescape(text)))


def parse_time(text: str) -> datetime:
    """The moment in "Sat Nov 21 10:00:00 +0800 2026"; raises ValueError for anything else.

    Not by `strptime`: its month names follow the machine's locale.
    """
    _weekday, month, day, clock, zone, year = text.split(" ")
    return datetime.fromisoformat(f"{year}-{_MONTHS.index(month) + 1:02d}-{day:0>2}T{clock}{zone}")


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def bid_of(mid: str) -> str:
    """The short id in a status's public link: 3436240135184587 gives yfcLPlKKn.

    Groups of 7 digits from the right, each in base 62 and padded to 4 except the leftmost.
    https://open.weibo.com/wiki/2/statuses/querymid
    """
    starts = range(len(mid) % 7 - 7 if len(mid) % 7 else 0, len(mid), 7)
    groups = [_base62(int(mid[max(start, 0) : start + 7])).rjust(4, "0") for start in starts]
    return "".join(groups).lstrip("0")


def mid_of(bid: str) -> str:
    """The long id behind a short one: yfcLPlKKn gives 3436240135184587; ValueError if none."""
    starts = range(len(bid) % 4 - 4 if len(bid) % 4 else 0, len(bid), 4)
    groups = [_number(bid[max(start, 0) : start + 4]) for start in starts]
    return "".join(f"{group:07d}" for group in groups).lstrip("0")


_SITES = frozenset({"weibo.com", "www.weibo.com", "m.weibo.cn", "weibo.cn"})


def mid_of_link(url: str) -> str:
    """The long id of the status a link leads to; "" when it leads to none.

    weibo.com/{uid}/{bid}, m.weibo.cn/status/{bid} and m.weibo.cn/detail/{mid} are known.
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    steps = [step for step in parts.path.split("/") if step]
    if (parts.hostname or "") not in _SITES or len(steps) != 2:
        return ""
    if not (steps[0].isdecimal() or steps[0] in {"status", "detail"}):
        return ""
    return _mid(steps[1])


def _mid(name: str) -> str:
    if name.isdecimal() and len(name) >= _MID_DIGITS:
        return name
    try:
        mid = mid_of(name)
    except ValueError:
        return ""
    return mid if len(mid) >= _MID_DIGITS else ""


_MID_DIGITS = 16  # a short id has nine or more signs, so the two cannot be mixed up


def _base62(number: int) -> str:
    out = ""
    while number:
        number, digit = divmod(number, 62)
        out = _DIGITS[digit] + out
    return out


def _number(text: str) -> int:
    value = 0
    for char in text:
        value = value * 62 + _DIGITS.index(char)
    return value
