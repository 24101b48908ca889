"""Links as WeChat takes them: those to articles stay, those to outside become numbered notes."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from markdown_it.common.normalize_url import normalizeLinkText
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from adapters.markdown import Env, Rule

INSIDE = "mp.weixin.qq.com"  # the only host whose links stay links
NOTES = "notes"  # in Env: the addresses of the notes, in order
_OPEN = "open links"  # in Env
_WORD = re.compile("[!-~]+")  # within Chinese: a telephone number, an address
_WITHOUT_PREFIX = ("mailto:", "tel:")  # nobody types these


def is_whole(link: str) -> bool:
    """True for a link that leads somewhere when it stands alone: it has a scheme."""
    return bool(urlsplit(link).scheme)


def _link_open(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    link = str(tokens[index].attrGet("href") or "")
    env[_OPEN] = link
    return f'<a href="{html.escape(link)}">' if _stays(link) else ""


def _link_close(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    link: str = env.pop(_OPEN, "")
    if _stays(link):
        return "</a>"
    address = _shown(link)
    text = _text(tokens[:index])
    if not is_whole(link) or address == text or address in _WORD.findall(text):
        return ""  # nothing to look up, or it can be read already
    if address not in env[NOTES]:
        env[NOTES].append(address)
    return f"<sup>[{env[NOTES].index(address) + 1}]</sup>"


def _stays(link: str) -> bool:
    parts = urlsplit(link)  # never raises: the parser has escaped what could not be split
    return parts.scheme in ("http", "https") and parts.hostname == INSIDE


def _shown(link: str) -> str:
    for prefix in _WITHOUT_PREFIX:
        link = link.removeprefix(prefix)
    return normalizeLinkText(link)


def _text(tokens: Sequence[Token]) -> str:
    """What a reader sees of the link that ends after `tokens`."""
    start = max((i for i, token in enumerate(tokens) if token.type == "link_open"), default=0)
    return "".join(token.content for token in tokens[start:])


RULES: dict[str, Rule] = {"link_open": _link_open, "link_close": _link_close}
