"""The READMEs say of each platform what its adapter says."""

from __future__ import annotations

import pytest

from tests.support_table import CHINESE, ENGLISH, ROOT, Language, with_table


@pytest.mark.parametrize("language", [ENGLISH, CHINESE], ids=lambda one: one.file)
def test_the_readme_shows_what_the_adapters_can(language: Language) -> None:
    text = (ROOT / language.file).read_text(encoding="utf-8")
    assert with_table(text, language) == text, "run: python -m tests.support_table"
