"""Numbers of rows as an address or a command gives them."""

from __future__ import annotations

import pytest

from bot.domain.numbers import DIGITS, row_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("42", 42), ("0", 0), ("007", 7), ("9" * DIGITS, 10**DIGITS - 1)),
        *((text, None) for text in ("", "-1", "+1", "1.0", " 1", "²", "٣", "４２", "p1")),
        ("9" * (DIGITS + 1), None),
        ("9" * 5000, None),
    ],
)
def test_a_number_is_plain_digits_that_the_ledger_can_hold(text: str, number: int | None) -> None:
    assert row_number(text) == number
