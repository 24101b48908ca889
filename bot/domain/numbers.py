"""Numbers of the ledger's rows, as somebody wrote them."""

from __future__ import annotations

DIGITS = 18  # of the largest number the ledger can hold


def row_number(text: str) -> int | None:
    """The number of a row that `text` gives, plain digits; None for what can be none."""
    plain = text.isascii() and text.isdecimal() and len(text) <= DIGITS
    return int(text) if plain else None
