"""Sentences that must be found, and ordinary health news that must not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.domain.problem import Severity
from bot.schedule.rules import texts
from bot.schedule.rules.finding import Found
from bot.schedule.rules.wording import Word, Words, parse_line

FILE = Path(__file__).parents[2] / "data" / "wording" / "sentences.txt"
SENTENCES = [
    tuple(line.split("\t"))
    for line in FILE.read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
BAD = [(code, text) for code, text in SENTENCES if code != "-"]
FINE = [text for code, text in SENTENCES if code == "-"]


def look(text: str) -> list[Found]:
    return list(texts.usual().look(text))


@pytest.mark.parametrize(("code", "text"), BAD, ids=[text for _code, text in BAD])
def test_it_is_found_and_marked(code: str, text: str) -> None:
    found = [one for one in look(text) if one.code == code]
    assert found
    assert all(0 <= one.start < one.end <= len(text) and one.hint for one in found)


@pytest.mark.parametrize("text", FINE)
def test_ordinary_health_news_is_let_through(text: str) -> None:
    assert look(text) == []


def test_there_are_enough_of_both_kinds() -> None:
    assert len(BAD) >= 45
    assert len(FINE) >= 60


def test_no_message_repeats_what_may_not_be_published() -> None:
    private = {"bank-card", "record-number", "travel-document", "patient-name"}
    for code, text in BAD:
        if code in private:
            for one in look(text):
                assert text[one.start : one.end] not in one.message + one.hint


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("某某词", Word(text="某某词")),
        ("某某词 = error 已停用", Word(text="某某词", severity=Severity.ERROR, reason="已停用")),
        ("  某某词=info  ", Word(text="某某词", severity=Severity.INFO)),
        ("# 说明", None),
        ("", None),
    ],
)
def test_a_line_of_a_word_list(line: str, expected: Word | None) -> None:
    assert parse_line(line) == expected


@pytest.mark.parametrize("line", ["词", "= error", "某某词 = fatal 原因", "某某词 = 原因"])
def test_a_line_that_is_not_understood(line: str) -> None:
    with pytest.raises(ValueError, match=re.escape(line)):
        parse_line(line)


def test_ten_thousand_words_are_found_where_they_stand() -> None:
    words = [Word(text=f"{chr(0x4E00 + n)}{chr(0x5000 + n)}词") for n in range(5000)]
    words += [Word(text="健康素"), Word(text="健康素养月", severity=Severity.ERROR)]
    looker = texts.Looker([Words("office-word", words).family])
    [longest] = looker.look("迎接健康素养月")
    assert (longest.start, longest.end, longest.severity) == (2, 7, Severity.ERROR)
    assert list(looker.look("迎接健康月")) == []
