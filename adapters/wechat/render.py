"""A post's Markdown as HTML that survives in a WeChat article.

WeChat gives no whitelist, only "JavaScript is removed, images must come from uploadimg"; the rest
is the practice of open editors: style attributes stay, class, id and style elements do not, links
to outside lose their target (so they become numbered notes), `section` is safer than `div`.
https://developers.weixin.qq.com/doc/subscription/api/draftbox/draftmanage/api_draft_add

Lists have no `ul`, `ol` and `li`: WeChat shows empty dots before their items, resets their styles
and loses what is nested deeply. They are sections whose marks are written out.
https://github.com/geekjourneyx/md2wechat-skill/issues/9
https://github.com/mdnice/markdown-nice/issues/39
https://github.com/caol64/wenyan-core/pull/28
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import css_inline
import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from adapters.markdown import URLS, Env, alternative, caption, is_figure, parser, pictures, source
from adapters.wechat import lists, notes, themes
from bot.domain.post import Variant

__all__ = ["AI_NOTICE", "MARKER_NOTICE", "Notices", "lay_out", "pictures", "plain", "render"]

# These lines are part of the published article, so they are Chinese whatever language we speak.
AI_NOTICE = "本文含人工智能生成内容"
MARKER_NOTICE = "稿号 {marker}"
LINKS_TITLE = "文中链接"
WEB = frozenset({"http", "https"})

_TAGS = {
    *("section", "p", "span", "strong", "em", "s", "blockquote", "br", "hr", "img", "a", "sup"),
    *("table", "thead", "tbody", "tr", "th", "td", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("pre", "code"),
}
_MANY_COLUMNS = (
    4  # more are too narrow for a phone, so they get a least width and the table scrolls
)
_BLOCK = r"p|section|h[1-6]|blockquote|pre|table|thead|tbody|tr|t[hd]|hr"
_AROUND_BLOCKS = re.compile(rf"\s*(</?(?:{_BLOCK})\b[^>]*>)\s*")
_LINE_END = re.compile(rf"</?(?:br|{_BLOCK}|[uo]l|li|div)\b[^>]*>", re.IGNORECASE)
_CODE_SPACE = re.compile(r"^ | (?= )", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Notices:
    """What an article says beside its own text."""

    label: str = ""  # of a reprint
    marker: str = ""  # 稿号, unless the text has it
    ai_generated: bool = False

    @classmethod
    def of(cls, article: Variant) -> Notices:
        """Those of a variant."""
        said = article.marker in article.label + article.body
        return cls(
            label=article.label,
            marker="" if said else article.marker,
            ai_generated=article.ai_generated,
        )


def render(variant: Variant, urls: Mapping[str, str], *, theme: str = themes.DEFAULT) -> str:
    """The article's HTML; `urls` gives the uploaded address of each picture by its path.

    Pictures without an address are left out. The reprint label comes first, notes last. `theme`
    holds unless the post chooses one itself.
    """
    chosen = themes.chosen(variant, default=theme)
    return lay_out(variant.body, Notices.of(variant), urls, chosen)


def lay_out(
    body: str,
    notices: Notices,
    urls: Mapping[str, str],
    theme: str,
    schemes: frozenset[str] = WEB,
) -> str:
    """`render` from its parts; pictures with an address of other `schemes` are left out too."""
    env: Env = {URLS: urls, notes.NOTES: []}
    text = _markdown().render(body, env)
    parts = [_paragraph("label", notices.label), text, *_endnotes(notices, env[notes.NOTES])]
    fragment = f'<section class="article">{"".join(parts)}</section>'
    styled = _inliner().inline_fragment(_AROUND_BLOCKS.sub(r"\1", fragment), themes.css(theme))
    return nh3.clean(
        styled,
        tags=_TAGS,
        attributes={"*": {"style"}, "a": {"href"}, "img": {"src", "alt"}},
        url_schemes=set(schemes),
        link_rel=None,
    )


def plain(content: str) -> str:
    """The text of an article's HTML, one line a block, without the marks of our lists."""
    one_line = lists.without_marks(" ".join(content.split()))
    text = html.unescape(nh3.clean(_LINE_END.sub("\n", one_line), tags=set()))
    rows = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(row for row in rows if row)


def _endnotes(notices: Notices, addresses: Sequence[str]) -> Iterator[str]:
    if addresses:
        yield _paragraph("small", LINKS_TITLE)
    for number, address in enumerate(addresses, 1):
        yield _paragraph("small", f"[{number}] {address}")
    if notices.ai_generated:
        yield _paragraph("small", AI_NOTICE)
    if notices.marker:
        yield _paragraph("small", MARKER_NOTICE.format(marker=notices.marker))


def _paragraph(kind: str, text: str) -> str:
    return f'<p class="{kind}">{html.escape(text)}</p>' if text else ""


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, minify_css=True)


@cache
def _markdown() -> MarkdownIt:
    rules = {
        "image": _image,
        "fence": _code,
        "code_block": _code,
        "table_open": _table_open,
        "table_close": _table_close,
    }
    markdown = parser({**rules, **lists.RULES, **notes.RULES})
    markdown.core.ruler.push("lists", lists.mark)
    return markdown


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
    below = f'<span class="caption">{words}</span>' if words else ""
    return f'<section class="figure">{picture}{below}</section>'


def _code(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    # Line ends and all but single spaces are lost unless they are written out.
    text = html.escape(tokens[index].content.rstrip("\n").expandtabs(4))
    text = _CODE_SPACE.sub("&nbsp;", text).replace("\n", "<br>")
    return f"<pre><code>{text}</code></pre>"


def _table_open(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    rest = (token.type for token in tokens[index:])
    columns = 0
    for kind in rest:
        if kind == "tr_close":
            break
        columns += kind == "th_open"
    wide = " wide" if columns > _MANY_COLUMNS else ""
    return f'<section class="scroll{wide}"><table>'


def _table_close(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    return "</table></section>"
