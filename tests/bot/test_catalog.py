"""The Chinese catalog is complete, says nothing stale, and its compiled form is up to date."""

from __future__ import annotations

import gettext
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from bot.i18n import LOCALE_DIR, _

ROOT = Path(__file__).parents[2]
FOLDER = LOCALE_DIR / "zh_CN" / "LC_MESSAGES"
CJK = re.compile(r"[\u4e00-\u9fff]")
# Signs between words have no Chinese letters either.
# Without a word in them there is nothing to translate; "; then " is a sign in Chinese.
WORDLESS = re.compile(r"(?:\{\w+\}|[^A-Za-z])*")
SIGNS = frozenset({"{length} of {limit}", "AI", "; then ", "UK"})


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    with (FOLDER / "bot.po").open("rb") as file:
        return read_po(file, locale="zh_CN")


@pytest.fixture(scope="module")
def extracted() -> set[str]:
    return set(_extracted())


def _extracted() -> Iterator[str]:
    keywords = {**DEFAULT_KEYWORDS, "N_": None}
    for package in ("bot", "adapters"):
        methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
        found = extract_from_dir(ROOT / package, methods, keywords=keywords)
        for _file, _line, message, _comments, _context in found:
            assert isinstance(message, str), f"no plurals here: {message}"
            yield message


def _pairs(catalog: Catalog) -> dict[str, str]:
    return {str(message.id): str(message.string) for message in catalog if message.id}


def test_every_message_of_the_code_is_translated(catalog: Catalog, extracted: set[str]) -> None:
    assert extracted - _pairs(catalog).keys() == set()
    assert [message for message, text in _pairs(catalog).items() if not text.strip()] == []


def test_nothing_is_kept_that_the_code_no_longer_says(
    catalog: Catalog, extracted: set[str]
) -> None:
    assert _pairs(catalog).keys() - extracted == set()
    assert list(catalog.obsolete) == []


def test_no_translation_is_a_guess(catalog: Catalog) -> None:
    assert [message.id for message in catalog if message.id and message.fuzzy] == []


def test_translations_keep_all_fields(catalog: Catalog) -> None:
    wrong = {
        message: text
        for message, text in _pairs(catalog).items()
        if _fields(message) != _fields(text)
    }
    assert wrong == {}


def _fields(text: str) -> set[tuple[str, str]]:
    return {
        (name, spec or "")
        for _text, name, spec, _conversion in string.Formatter().parse(text)
        if name is not None
    }


def test_translations_keep_colours_and_commands(catalog: Catalog) -> None:
    """`bot …` is typed as it stands, and rich's markup must close as it opens."""
    markup = re.compile(r"\[/?(?:red|green|blue|bold|/)?\]|`bot [a-z -]+|BOT_[A-Z_]+|--[a-z-]+")
    wrong = {
        message: text
        for message, text in _pairs(catalog).items()
        if sorted(markup.findall(message)) != sorted(markup.findall(text))
    }
    assert wrong == {}


def test_translations_are_chinese(catalog: Catalog) -> None:
    plain = {message for message, text in _pairs(catalog).items() if not CJK.search(text)}
    assert {message for message in plain if not WORDLESS.fullmatch(message)} <= SIGNS


def test_compiled_catalog_says_what_the_source_says(catalog: Catalog) -> None:
    with (FOLDER / "bot.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {message: compiled.gettext(message) for message in _pairs(catalog)} == _pairs(catalog)
    assert len(compiled._catalog) == len(_pairs(catalog)) + 1  # type: ignore[attr-defined]


def test_catalog_names_neither_lines_nor_moments() -> None:
    """So that it changes only when a message does."""
    text = (FOLDER / "bot.po").read_text(encoding="utf-8")
    assert "#: " not in text
    assert re.findall(r'"POT-Creation-Date: (.*)\\n"', text) == ["2026-05-01 00:00+0000"]


def test_chinese_is_what_people_get(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_LANGUAGE", raising=False)
    assert _("key item") == "重点稿件"
    monkeypatch.setenv("BOT_LANGUAGE", "en")
    assert _("key item") == "key item"
