"""Signs that Word writes with a font or a position, as characters of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_RAISED: Final = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOWERED: Final = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_FEW: Final = 3
# Character codes of the fonts Wingdings and Wingdings 2, by what they look like.
_DRAWN: Final[Mapping[tuple[str, int], str]] = {
    ("wingdings", 0x6C): "●",
    ("wingdings", 0x6E): "■",
    ("wingdings", 0x6F): "□",
    ("wingdings", 0x71): "□",
    ("wingdings", 0x75): "◆",
    ("wingdings", 0x76): "◆",
    ("wingdings", 0xA8): "□",
    ("wingdings", 0xD8): "➢",
    ("wingdings", 0xE0): "→",
    ("wingdings", 0xFB): "✗",
    ("wingdings", 0xFC): "✓",
    ("wingdings", 0xFD): "☒",
    ("wingdings", 0xFE): "☑",
    ("wingdings", 0x28): "☎",
    ("wingdings", 0x2A): "✉",
    ("wingdings 2", 0x50): "✓",
    ("wingdings 2", 0x52): "☑",
    ("wingdings 2", 0xA3): "□",
    ("symbol", 0xB0): "°",
    ("symbol", 0xB1): "±",
    ("symbol", 0xB3): "≥",
    ("symbol", 0xA3): "≤",
    ("symbol", 0xB4): "×",
    ("symbol", 0x6D): "μ",
    ("symbol", 0x61): "α",
    ("symbol", 0x62): "β",
    ("symbol", 0x67): "γ",
}


def shifted(text: str, shift: str | None) -> str:
    """10⁹ and CO₂, where the digits were raised or lowered: 109 would be another number."""
    # Words are moved a little for many reasons; a few digits by themselves for one only.
    meant = len(text) <= _FEW and all(ord(sign) in _RAISED for sign in text)
    if shift == "superscript" or (shift == "raised" and meant):
        return text.translate(_RAISED)
    lowered = shift == "subscript" or (shift == "lowered" and meant)
    return text.translate(_LOWERED) if lowered else text


def drawn(font: str, code: str) -> str:
    """The character a w:sym shows; "" when it is not known here."""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    # F0xx is how Word keeps the codes of such fonts (ECMA-376 part 1, 17.3.3.30).
    if number & 0xFF00 == 0xF000:
        return _DRAWN.get((font.casefold(), number & 0xFF), "")
    return chr(number) if 0x20 <= number < 0xD800 else ""
