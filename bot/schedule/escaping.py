"""Words as Markdown that shows exactly these words."""

from __future__ import annotations

import re
from typing import Final

# What opens something wherever it stands. "_" between letters, as in an address, does not.
_ANYWHERE: Final = re.compile(
    r"[\\`*\[\]]|(?<![^\W_])_|_(?![^\W_])|<(?=[A-Za-z/!?])|&(?=#?\w{1,40};)|~(?=~)|(?<=~)~"
)
# What opens a block: headings, lists, quotes, rules, the line under a heading or a table's head.
_AT_START: Final = re.compile(r"#{1,6}(?=\s|$)|[-+](?=\s|$)|>|[-=|:](?=[-=|:\s]*$)")
_NUMBER: Final = re.compile(r"(\d{1,9})(?=[.)](?:\s|$))")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SPACE: Final = " \t\xa0\u2002\u2003\u2009\u200b\u3000\ufeff"


def escaped(text: str) -> str:
    """`text` within a line: no sign in it means anything."""
    return _ANYWHERE.sub(r"\\\g<0>", _CONTROL.sub("", text))


def line_start(markdown: str) -> str:
    """A line of Markdown made by `escaped`, so that its beginning opens no block."""
    if (found := _NUMBER.match(markdown)) is not None:
        return found[0] + "\\" + markdown[found.end() :]
    return "\\" + markdown if _AT_START.match(markdown) else markdown


def bare(text: str) -> str:
    """`text` without blanks around it, the full-width ones of an indented paragraph among them."""
    return text.strip(_SPACE)


def address(path: str) -> str:
    """A picture's path or a link's address, as it stands within the round brackets."""
    return re.sub(r"[\s%()<>\\\"&|]", lambda found: _percent(found[0]), path)


def link(url: str) -> str:
    """A link's address that is percent-encoded already, safe within the round brackets."""
    return re.sub(r"[\s()<>\\\"|]", lambda found: _percent(found[0]), url)


def _percent(sign: str) -> str:
    return "".join(f"%{byte:02X}" for byte in sign.encode())


def plain_body(text: str) -> str:
    """A plain text as Markdown, line for line: blank lines part paragraphs, line ends stay."""
    lines = [line_start(escaped(bare(line))) for line in text.split("\n")]
    followed = [*lines[1:], ""]
    return "\n".join(
        f"{line}\\" if line and after else line for line, after in zip(lines, followed, strict=True)
    )
