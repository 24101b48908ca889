"""Passages: what a person is shown as evidence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.normalise import normalise
from bot.domain.passages import SHORTEST, SHOWN, common_passages
from tests.data.health_texts import FLU, HANDS


def test_the_three_longest_runs_come_longest_first() -> None:
    key = normalise(HANDS)
    other = "开头" + key[200:230] + "甲甲" + key[0:20] + "乙乙" + key[100:140] + "丙丙" + key[50:60]
    assert common_passages(key, other) == (key[100:140], key[200:230], key[0:20])


def test_a_long_run_is_cut_for_showing() -> None:
    text = normalise(FLU)
    (only,) = common_passages(text, text)
    assert only == text[:SHOWN] + "…"


def test_texts_with_nothing_in_common_share_nothing() -> None:
    assert common_passages(normalise(FLU), normalise(HANDS)) == ()
    assert common_passages("", normalise(HANDS)) == ()


@given(st.text(alphabet="甲乙丙"), st.text(alphabet="甲乙丙"))
def test_every_passage_stands_in_both_texts(key: str, other: str) -> None:
    for passage in common_passages(key, other):
        plain = passage.removesuffix("…")
        assert plain in key
        assert plain in other
        assert len(plain) >= SHORTEST
