"""Markdown as plain text, for comparing what accounts show with what was meant."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def plain_text(markdown: str) -> str:
    """The words of `markdown`, one line for each block; pictures and marks are left out."""
    lines = []
    for token in _parser().parse(markdown):
        if token.type == "inline":
            lines += "".join(_words(child) for child in token.children or ()).split("\n")
        elif token.type in {"fence", "code_block"}:
            lines += token.content.split("\n")
    return "\n".join(line for line in lines if line.strip())


def _words(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return "\n"
    return token.content if token.type in {"text", "code_inline"} else ""
