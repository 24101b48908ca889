"""The office's Markdown, read the same way for every platform, and as HTML for websites.

CommonMark with tables and strikethrough. Raw HTML is not carried out: it stays text, so that what
was written is what is seen. `raw_html` finds it before anybody publishes it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

Env = MutableMapping[str, Any]  # markdown-it's own type for what rules share
Rule = Callable[[RendererHTML, Sequence[Token], int, OptionsDict, Env], str]
URLS = "urls"  # in Env: the public address of each picture by its path

_TAGS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "hr", "br"),
    *("table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "img"),
    *("strong", "em", "s", "a", "pre", "code"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_BEYOND_LATIN = "\u2000"  # from here on: general punctuation and all that is written in squares
_TAG = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|<!--.*?(?:-->|$)", re.IGNORECASE)


def to_html(
    body: str, urls: Mapping[str, str] | None = None, *, schemes: frozenset[str] = frozenset()
) -> str:
    """Clean semantic HTML of the text, for a website: no styles, classes, scripts or foreign parts.

    `urls` gives the public address of each picture by its path; pictures without one are left out.
    `schemes`: those addresses may have beside the web's.
    """
    env: Env = {URLS: urls or {}}
    return nh3.clean(
        _website().render(body, env),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES | schemes,
        link_rel="noopener",
        filter_style_properties={"text-align"},  # columns of tables
    ).strip()


@lru_cache(maxsize=256)  # every step of a preparation asks again
def pictures(body: str) -> tuple[str, ...]:
    """The addresses of all pictures the text refers to, decoded, in order."""
    return tuple(source(token) for token in flat(parser().parse(body)) if token.type == "image")


@lru_cache(maxsize=256)  # asked for every account
def links(body: str) -> tuple[str, ...]:
    """The addresses of all links of the text, in order."""
    tokens = flat(parser().parse(body))
    return tuple(str(token.attrGet("href")) for token in tokens if token.type == "link_open")


@lru_cache(maxsize=256)
def raw_html(body: str) -> tuple[str, ...]:
    """Every tag and comment of HTML in the text; readers would see them as they are written."""
    texts = (token.content for token in flat(parser().parse(body)) if token.type == "text")
    return tuple(tag for text in texts for tag in _TAG.findall(text))


def parser(rules: Mapping[str, Rule] | None = None) -> MarkdownIt:
    """A parser with a platform's own `rules` for rendering.

    A paragraph of nothing but pictures is none: its pictures are figures (`is_figure`).
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    markdown.core.ruler.push("figures", _figures)
    ours = {"softbreak": _soft_break, "figure_open": _nothing, "figure_close": _nothing}
    for name, rule in {**ours, **(rules or {})}.items():
        markdown.add_render_rule(name, rule)
    return markdown


def flat(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens with those within them."""
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def source(image: Token) -> str:
    """The path or address of a picture as it was written."""
    return unquote(str(image.attrGet("src") or ""))  # markdown-it percent-encodes Chinese names


def alternative(image: Token) -> str:
    """What a picture shows, in words."""
    return "".join(token.content for token in flat(image.children or []) if token.type == "text")


def caption(figure: Token) -> str:
    """The words below a picture: its title, else its description."""
    return str(figure.attrGet("title") or "") or alternative(figure)


def is_figure(image: Token) -> bool:
    """True for a picture that stands alone, false for one within a line of text."""
    return bool(image.meta.get("figure"))


def _figures(state: StateCore) -> None:
    for before, inline, after in zip(
        state.tokens, state.tokens[1:], state.tokens[2:], strict=False
    ):
        if before.type == "paragraph_open" and _only_pictures(inline):
            before.type, after.type = "figure_open", "figure_close"
            for child in inline.children or []:
                child.meta["figure"] = True


def _only_pictures(inline: Token) -> bool:
    seen = [token for token in inline.children or [] if token.type != "text" or token.content]
    return bool(seen) and all(t.type in ("image", "softbreak", "hardbreak") for t in seen)


def _soft_break(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    # A line end would show as a space, which does not belong between Chinese characters.
    before = _nearest(reversed(tokens[:index]))[-1:]
    after = _nearest(tokens[index + 1 :])[:1]
    return " " if max(before, after) < _BEYOND_LATIN else ""


def _nearest(tokens: Sequence[Token] | Iterator[Token]) -> str:
    return next((token.content for token in tokens if token.content), "")


def _nothing(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    return ""


def _image(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    token = tokens[index]
    url = env[URLS].get(source(token), "")
    if not url:
        return ""
    picture = f'<img src="{html.escape(url)}" alt="{html.escape(alternative(token))}">'
    if not is_figure(token):
        return picture
    words = html.escape(caption(token))
    return f"<figure>{picture}{words and f'<figcaption>{words}</figcaption>'}</figure>\n"


@cache
def _website() -> MarkdownIt:
    return parser({"image": _image})
