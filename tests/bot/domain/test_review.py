"""Levels, last words, and what differs between two versions."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.review import Approval, Level, Review, Said, approved_by, missing
from bot.domain.review_diff import Line, field_diffs

NOW = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
PICTURE = {"path": "media/a.jpg", "sha256": "a" * 64, "size": 3}
WORDS = st.lists(st.tuples(st.sampled_from(Level), st.sampled_from(Said)), max_size=12)


def approval(number: int, level: Level, said: Said) -> Approval:
    return Approval(
        id=number,
        post="p1",
        content_hash="a",
        level=level,
        said=said,
        by="chu",
        deputy_of="",
        note="",
        at=NOW,
    )


@settings(max_examples=40, deadline=None)
@given(said=WORDS, required=st.sets(st.sampled_from(Level)))
def test_a_version_passes_when_the_last_word_of_each_required_level_is_yes(
    said: list[tuple[Level, Said]], required: set[Level]
) -> None:
    """Whatever was said before it, and whatever other levels say."""
    found = [approval(number, *one) for number, one in enumerate(said)]
    lacking = missing(required, approved_by(found))
    passed = {
        level
        for level in required
        if [word for at, word in said if at is level][-1:] == [Said.APPROVED]
    }
    assert set(lacking) == required - passed
    assert list(lacking) == [level for level in Level if level in lacking]


def test_a_column_has_its_own_levels_or_none() -> None:
    """Instead of those of all posts."""
    review = Review(levels=(Level.FIRST,), columns={"通知": (), "科普": tuple(Level)})
    assert review.required("新闻") == (Level.FIRST,)
    assert review.required("通知") == ()
    assert review.required("科普") == tuple(Level)
    assert [one.off for one in (review, Review(), Review(columns={"通知": ()}))] == [
        *[False],
        *[True, True],
    ]


def test_what_differs_is_told_field_by_field_and_line_by_line() -> None:
    """A picture differs when what is in it does, a field when it comes or goes."""
    old = {"id": "p1", "title": "洗手", "body": "一\n二\n三", "images": [PICTURE], "push": False}
    new = {**old, "id": "p2", "body": "一\n二二\n三", "overrides": {"weibo": {"text": "短"}}}
    new |= {"images": [PICTURE | {"sha256": "b" * 64}], "push": True}
    found = {one.field: one.lines for one in field_diffs(old, new, without=["id"])}
    assert list(found) == ["body", "images", "push", "overrides.weibo.text"]
    assert found["body"] == (
        Line(sign=" ", text="一"),
        Line(sign="-", text="二"),
        Line(sign="+", text="二二"),
        Line(sign=" ", text="三"),
    )
    assert [line.sign for line in found["images"]] == ["-", "+"]
    assert [line.text for line in found["overrides.weibo.text"]] == ["短"]
    assert field_diffs(old, dict(old), without=[]) == []
    assert [one.field for one in field_diffs({}, old, without=["id"])] == [
        *["title", "body", "images"]
    ]
