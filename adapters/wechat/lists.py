"""Lists as sections with written marks, because WeChat spoils `ul`, `ol` and `li`."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from adapters.markdown import Env, Rule

_DOTS = ("•", "◦", "▪")  # by depth
_MARK = re.compile(rf"<span[^>]*>(?:[{''.join(_DOTS)}]|\d{{1,10}}[.)])</span>")


def mark(state: StateCore) -> None:
    """A core rule: gives each item its mark, and lets its first paragraph begin beside it."""
    open_lists: list[_List] = []
    for before, token in zip([None, *state.tokens], state.tokens, strict=False):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            open_lists.append(_List(token, depth=len(open_lists)))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            open_lists.pop()
        elif token.type == "list_item_open":
            token.meta["mark"] = open_lists[-1].next_mark(token.markup)
        elif token.type == "paragraph_open" and before and before.type == "list_item_open":
            token.hidden = True


class _List:
    """A list that is being read."""

    def __init__(self, token: Token, *, depth: int) -> None:
        start = token.attrGet("start")
        self._number = int(start if start is not None else 1)
        self._dot = "" if token.type == "ordered_list_open" else _DOTS[min(depth, len(_DOTS) - 1)]

    def next_mark(self, delimiter: str) -> str:
        """The mark of the next item: 1. or 1) as it was written, or a dot."""
        number, self._number = self._number, self._number + 1
        return self._dot or f"{number}{delimiter}"


def without_marks(content: str) -> str:
    """The HTML without the marks of lists: they are no part of the text."""
    return _MARK.sub("", content)


def _list_open(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    return '<section class="list">'


def _item_open(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    written = html.escape(str(tokens[index].meta["mark"]))
    return f'<section class="item"><span class="mark">{written}</span>'


def _close(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    return "</section>"


def _paragraph_close(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env
) -> str:
    # Its beginning is two tokens before: a paragraph is an opening, its text, a closing.
    return "" if tokens[index].hidden or tokens[index - 2].hidden else "</p>"


RULES: dict[str, Rule] = {
    "bullet_list_open": _list_open,
    "bullet_list_close": _close,
    "ordered_list_open": _list_open,
    "ordered_list_close": _close,
    "list_item_open": _item_open,
    "list_item_close": _close,
    "paragraph_close": _paragraph_close,
}
