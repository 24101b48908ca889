"""A post's Markdown as HTML that survives in a WeChat article.

WeChat gives no whitelist, only "JavaScript is removed, images must come from uploadimg"; the rest
is the practice of open editors: style attributes stay, class, id and style elements do not, links
to outside lose their target (so they become numbered notes), `section` is safer than `div`.
https://developers.weixin.qq.com/doc/subscription/api/draftbox/draftmanage/api_draft_add
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import css_inline
import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from bot.domain.post import Variant

INSIDE = "mp.weixin.qq.com"  # the only host whose links stay links
# These lines are part of the published article, so they are Chinese whatever language we speak.
AI_NOTICE = "本文含人工智能生成内容"
MARKER_NOTICE = "稿号 {marker}"
LINKS_TITLE = "文中链接"

_TAGS = {
    *("section", "p", "span", "strong", "em", "s", "blockquote", "ul", "ol", "li", "br", "hr"),
    *("table", "thead", "tbody", "tr", "th", "td", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("img", "a", "sup", "pre", "code"),
}
_BLOCK_END = re.compile(r"<br[^>]*>|</(?:p|section|li|tr|h[1-6]|blockquote|pre)>", re.IGNORECASE)
_BETWEEN_TAGS = re.compile(r">\n+<")
Env = MutableMapping[str, Any]  # markdown-it's own type for what rules share


def render(variant: Variant, urls: Mapping[str, str]) -> str:
    """The article's HTML; `urls` gives the uploaded address of each picture by its path.

    Pictures without an address are left out. The reprint label comes first, notes last.
    """
    env: Env = {"urls": urls, "links": []}
    body = _markdown().render(variant.body, env)
    parts = [_paragraph("label", variant.label), body, *_endnotes(variant, env["links"])]
    fragment = f"<section>{''.join(parts)}</section>"
    styled = _inliner().inline_fragment(fragment, _theme())
    clean = nh3.clean(
        styled,
        tags=_TAGS,
        attributes={"*": {"style"}, "a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}},
        url_schemes={"http", "https"},
        link_rel=None,
    )
    return _BETWEEN_TAGS.sub("><", clean).strip()


@lru_cache(maxsize=32)  # every step of a preparation asks again
def pictures(body: str) -> tuple[str, ...]:
    """The addresses of all pictures the Markdown refers to, decoded, in order."""
    tokens = _flat(_markdown().parse(body))
    return tuple(_source(token) for token in tokens if token.type == "image")


def plain(content: str) -> str:
    """The text of an article's HTML, one line a block."""
    one_line = " ".join(content.split())
    text = html.unescape(nh3.clean(_BLOCK_END.sub("\n", one_line), tags=set()))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _endnotes(variant: Variant, links: Sequence[str]) -> Iterator[str]:
    if links:
        yield _paragraph("small", LINKS_TITLE)
    for number, link in enumerate(links, 1):
        yield _paragraph("small", f"[{number}] {link}")
    if variant.ai_generated:
        yield _paragraph("small", AI_NOTICE)
    if variant.marker and variant.marker not in variant.label + variant.body:
        yield _paragraph("small", MARKER_NOTICE.format(marker=variant.marker))


def _paragraph(kind: str, text: str) -> str:
    return f'<p class="{kind}">{html.escape(text)}</p>' if text else ""


@cache
def _theme() -> str:
    return (Path(__file__).parent / "theme.css").read_text(encoding="utf-8")


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False)


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    markdown.add_render_rule("image", _image)
    markdown.add_render_rule("link_open", _link_open)
    markdown.add_render_rule("link_close", _link_close)
    markdown.add_render_rule("softbreak", _soft_break)
    markdown.add_render_rule("fence", _code)
    markdown.add_render_rule("code_block", _code)
    return markdown


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def _source(token: Token) -> str:
    # markdown-it percent-encodes Chinese file names.
    return unquote(str(token.attrGet("src") or ""))


def _image(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    token = tokens[index]
    url = env["urls"].get(_source(token), "")
    if not url:
        return ""
    caption = html.escape(token.content)
    shown = f'<span class="caption">{caption}</span>' if caption else ""
    return f'<img src="{html.escape(url)}" alt="{caption}">{shown}'


def _link_open(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    link = str(tokens[index].attrGet("href") or "")
    env["open"] = link
    return f'<a href="{html.escape(link)}">' if _stays(link) else ""


def _link_close(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    link: str = env.pop("open", "")
    if _stays(link):
        return "</a>"
    if tokens[index].info == "auto" or not link:
        return ""  # the text is the address itself
    if link not in env["links"]:
        env["links"].append(link)
    return f"<sup>[{env['links'].index(link) + 1}]</sup>"


def _stays(link: str) -> bool:
    return urlsplit(link).hostname == INSIDE


def _soft_break(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    # A line end would show as a space, which does not belong between Chinese characters.
    around = [t.content for t in tokens[max(index - 1, 0) : index + 2]]
    before, after = around[0][-1:], around[-1][:1]
    return "\n" if before.isascii() and after.isascii() else ""


def _code(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    # Spaces and line ends of code are lost unless they are written out.
    text = html.escape(tokens[index].content.rstrip("\n"))
    return f"<pre><code>{text.replace(' ', '&nbsp;').replace(chr(10), '<br>')}</code></pre>"
