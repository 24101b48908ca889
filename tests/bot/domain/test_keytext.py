"""Key texts: the forms and versions a copy may carry."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from bot.domain.keytext import KeyText, key_text
from bot.domain.normalise import normalise
from tests.data.health_texts import FLU, FLU_TITLE, HANDS

AT = datetime(2026, 5, 20, tzinfo=UTC)
SHORT = "流感来了，打疫苗，勤通风，戴口罩，生病在家休息；老人、孩子、孕妇发烧别拖，两天之内看医生。"


def key(*texts: str, captions: Collection[str] = ()) -> KeyText:
    every = [captions for _text in texts]
    return key_text(
        post="p",
        title=FLU_TITLE,
        texts=texts,
        captions=every,
        released_at=AT,
        deadline_at=AT,
        urls=["https://A.example/x/?utm_source=1", ""],
    )


def test_articles_come_before_captions_and_old_ones_are_known() -> None:
    found = key(FLU, HANDS, captions=[SHORT])
    assert [(v.text == normalise(FLU), v.caption, v.newest) for v in found.versions] == [
        (True, False, False),
        (False, False, True),
        (False, True, True),
    ]
    assert found.newest == normalise(HANDS)


def test_a_text_that_came_back_is_in_force() -> None:
    assert [v.newest for v in key(FLU, HANDS, FLU).versions] == [True, False]


def test_a_phrase_is_no_caption() -> None:
    assert len(key(FLU, captions=["健康澜汀，你我同行"]).versions) == 1


def test_links_are_compared_in_one_form() -> None:
    assert key(FLU).urls == {"https://a.example/x"}
