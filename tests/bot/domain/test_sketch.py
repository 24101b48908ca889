"""A shared passage is seen in the sketches of both texts, wherever it stands in them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.normalise import normalise
from bot.domain.sketch import GRAM, SURE, WINDOW, sketch
from tests.data.health_texts import FLU, HEAT, NURSE

WORDS = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x4F00), max_size=120)


@given(before=WORDS, after=WORDS, other=WORDS, run=st.integers(0, 2**32))
def test_a_run_of_sure_length_is_always_shared(
    before: str, after: str, other: str, run: int
) -> None:
    shared = "".join(random.Random(run).choices("春夏秋冬风花雪月山水云雨", k=SURE))
    assert sketch(f"{before}{shared}{after}") & sketch(f"{other}{shared}")


def test_every_window_keeps_its_smallest_hash() -> None:
    text = normalise(FLU)
    kept = sketch(text)
    for start in range(len(text) - SURE + 1):
        assert sketch(text[start : start + SURE]) <= kept


@pytest.mark.parametrize("text", ["", "戴口罩", "勤洗手"])
def test_a_text_below_one_gram_has_no_sketch(text: str) -> None:
    assert sketch(text) == frozenset()


def test_a_short_text_has_one_hash() -> None:
    assert len(sketch("今日门诊照常开放")) == 1


def test_a_sketch_is_small_and_different_texts_share_nothing() -> None:
    text = normalise(FLU)
    expected = 2 * (len(text) - GRAM + 1) / (WINDOW + 1)
    assert 0.6 * expected < len(sketch(text)) < 1.5 * expected
    assert not sketch(text) & sketch(normalise(NURSE))


def test_it_is_the_same_on_every_machine() -> None:
    """Stored sketches are compared with those of other processes and of next year."""
    assert sorted(sketch(normalise(HEAT)[:40])) == [-2136160306]
    assert all(-(2**31) <= one < 2**31 for one in sketch(normalise(FLU)))


def test_a_lone_surrogate_is_a_character_like_any_other() -> None:
    assert len(sketch("\ud800今日门诊照常开放")) == 1
