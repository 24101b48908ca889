"""What WeChat would refuse or spoil in an article's layout, found before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from adapters.markdown import links, raw_html
from adapters.wechat import limits, notes, themes
from adapters.wechat.limits import Limits
from adapters.wechat.render import Notices, lay_out, pictures, plain
from bot.domain.post import Variant
from bot.domain.problem import Problem, Severity
from bot.domain.roster import Account
from bot.i18n import _

_ADDRESS = "https://mmbiz.qpic.cn/".ljust(limits.PICTURE_URL_CHARS, "x")
_SHOWN = 3  # so many examples are enough to find the rest


@dataclass(frozen=True, kw_only=True)
class Size:
    """What an article comes to with its styles written out."""

    chars: int  # Unicode code points
    bytes: int  # in UTF-8
    text: int  # code points a reader sees


def problems(article: Variant, account: Account, limit: Limits) -> Iterator[Problem]:
    """Every mistake of one article's layout. Pure: pictures have stand-ins for addresses.

    When neither the post nor the account names a theme, it must fit with each of them.
    """
    yield from _size(article, account, limit)
    yield from _raw_html(article)
    yield from _links(article)


@lru_cache(maxsize=512)  # a key item's reprints are asked about one after the other, and often
def measure(body: str, notices: Notices, theme: str) -> Size:
    """The article's size in that theme, every picture with an address of the usual length."""
    content = lay_out(body, notices, dict.fromkeys(pictures(body), _ADDRESS), theme)
    return Size(chars=len(content), bytes=len(content.encode()), text=len(plain(content)))


def _size(article: Variant, account: Account, limit: Limits) -> Iterator[Problem]:
    theme = themes.chosen(article, account, default="")
    names = (theme,) if theme in themes.NAMES else themes.NAMES
    notices = Notices.of(article)
    sizes = {name: measure(article.body, notices, name) for name in names}
    largest = max(sizes, key=lambda name: sizes[name].chars)
    found = sizes[largest]
    if found.chars >= limit.content_chars:
        message = _(
            "With the theme {theme} the article comes to {length} characters, {text} of them text; "
            "WeChat takes {most}."
        )
        yield _too_long(
            message.format(
                theme=largest, length=found.chars, text=found.text, most=limit.content_chars - 1
            )
        )
    elif found.bytes >= limit.content_bytes:
        message = _("The article comes to {length} bytes with its layout; WeChat takes {most}.")
        yield _too_long(message.format(length=found.bytes, most=limit.content_bytes - 1))


def _too_long(message: str) -> Problem:
    hint = _("Shorten or split the text; every table cell and list item adds layout.")
    return Problem(code="body-too-long", message=message, hint=hint)


def _raw_html(article: Variant) -> Iterator[Problem]:
    tags = raw_html(article.body)
    if tags:
        message = _("The text has HTML, which readers would see as it is written: {tags}")
        yield Problem(
            code="raw-html",
            message=message.format(tags=" ".join(tag[:40] for tag in tags[:_SHOWN])),
            hint=_("Write it as Markdown, or take it out."),
            severity=Severity.WARNING,
        )


def _links(article: Variant) -> Iterator[Problem]:
    broken = [link for link in links(article.body) if not notes.is_whole(link)]
    if broken:
        message = _("These links lead nowhere from an article: {links}")
        yield Problem(
            code="link-incomplete",
            message=message.format(links=" ".join(link[:80] for link in broken[:_SHOWN])),
            hint=_("Give the whole address, beginning with https://."),
            severity=Severity.WARNING,
        )
