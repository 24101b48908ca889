"""The corpus is what it says, and the rules keep what docs/matching.md promises."""

from __future__ import annotations

import pytest

from bot.domain.hits import Form
from tests.matching.corpus import COPIES, corpus
from tests.matching.judged import judged, rates
from tests.matching.table import DOC, fingerprint, kept, with_tables
from tests.matching.texts import SPLITS, Split, library

RECALL = 0.98


@pytest.mark.parametrize("split", SPLITS)
def test_the_corpus_is_large_and_varied(split: Split) -> None:
    pairs = corpus(split)
    assert len(pairs) >= 600
    assert len(COPIES) >= 12
    labels = {label: [p for p in pairs if p.label == label] for label in ("reprinted", "other")}
    assert len({pair.kind for pair in labels["other"]}) >= 12
    assert min(map(len, labels.values())) >= 150


def test_the_halves_share_no_text() -> None:
    dev, test = ({key.body for key in (*library(s).keys, *library(s).others)} for s in SPLITS)
    assert not dev & test
    lines = ({line for text in texts for line in text.splitlines()} for texts in (dev, test))
    mine, theirs = lines
    assert not {line for line in mine & theirs if "区疾控中心" not in line and len(line) > 60}


def test_nothing_is_said_to_be_reprinted_that_a_person_would_not_sign() -> None:
    false = [(one.pair.kind, one.pair.key, one.strays) for one in judged("test") if one.false]
    assert false == []


def test_hardly_a_reprint_is_left_to_a_person() -> None:
    precision, recall = rates(judged("test"))
    assert precision == 1.0
    assert recall >= RECALL


def test_the_version_that_was_copied_is_told() -> None:
    told = {
        (one.pair.kind, one.verdict.outdated)
        for one in judged("test")
        if one.pair.kind in ("corrected text", "text before correction") and one.verdict
    }
    assert told == {("corrected text", False), ("text before correction", True)}


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("exact copy", "full"),
        ("header, footer, credits", "full"),
        ("cut to 50 %", "cut"),
        ("Weibo, 140 characters", "excerpt"),
        ("its short form as caption", "caption"),
        ("in a long round-up", "digest"),
    ],
)
def test_people_see_how_much_was_carried(kind: str, form: Form) -> None:
    told = [one.verdict.form for one in judged("test") if one.pair.kind == kind and one.verdict]
    assert told.count(form) >= 0.8 * len(told)


def test_the_page_shows_these_figures() -> None:
    of_corpus, tried = kept()
    advice = "run: python -m tests.matching.table --write"
    assert of_corpus == fingerprint(), advice
    text = DOC.read_text(encoding="utf-8")
    assert with_tables(text, tried) == text, advice
