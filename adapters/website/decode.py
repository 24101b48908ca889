"""Bytes of a page or feed as text, whatever the site says or does not say about its encoding."""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_HEAD_BYTES = 2048
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# gb18030 holds all of both, and sites that name the smaller set use the larger one.
_CHINESE = {"gb2312", "gbk", "gb_2312-80", "cp936", "x-gbk", "hz-gb-2312"}


def decoded(raw: bytes, charset: str = "") -> str:
    """The text; bytes that fit no encoding become U+FFFD.

    UTF-8 proves itself: Chinese text in another encoding practically never is valid UTF-8. So it
    wins over what the header (`charset`) or the page says, which is wrong often enough.
    """
    for bom, name in _BOMS:
        if raw.startswith(bom):
            return raw[len(bom) :].decode(name, "replace")
    declared = _DECLARED.search(raw[:_HEAD_BYTES])
    inside = declared[1].decode("ascii") if declared else ""
    for name in ("utf-8", charset, inside, "gb18030"):
        try:
            return raw.decode(_python_name(name))
        except (LookupError, UnicodeError):
            continue
    try:
        return raw.decode(_python_name(charset or inside or "utf-8"), "replace")
    except UnicodeError:  # codecs that cannot replace; no page is really in them
        return raw.decode("utf-8", "replace")


def _python_name(name: str) -> str:
    if name.lower() in _CHINESE:
        return "gb18030"
    try:
        # Codecs that are no text encodings (base64, zip …) must not be reached by a page's word.
        known = codecs.lookup(name)
        return known.name if known._is_text_encoding else "utf-8"
    except LookupError:
        return "utf-8"
