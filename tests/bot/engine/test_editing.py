"""An entry is checked as one types, as `bot check` would, and saved under an id of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters import registry
from bot.domain.problem import Severity
from bot.engine.check import check
from bot.engine.editing import Looked, check_entry, save_entry
from bot.schedule.options import CheckOptions
from bot.schedule.proposing import ids_for
from bot.schedule.reader import read
from bot.schedule.wishes import Wish
from bot.wiring.platforms import Catalog
from bot.wiring.rulebook import rulebook
from tests.bot.engine.world import open_world, status

SAMPLE = Path(__file__).parents[3] / "schedules"
READ = partial(
    read,
    SAMPLE,
    platforms=registry.platforms(),
    modes=registry.modes,
    options=CheckOptions(rules=rulebook()),
)
CATALOG = Catalog({})


def _look(
    post: str | None, changes: dict[str, Any] | None = None, text: str | None = None
) -> Looked:
    wish = Wish(post=post, changes=changes or {}, article=text)
    return check_entry(SAMPLE, wish, READ, CATALOG)


def _told(looked: Looked) -> set[tuple[str, str]]:
    return {(one.field, one.problem.code) for one in looked.findings}


def test_it_tells_what_the_check_of_the_folder_tells() -> None:
    """Of each post the very problems, the cross-checks and the quota included."""
    found = check(READ(), CATALOG, alone=True).problems
    posts = {problem.post for problem in found if problem.post}
    assert len(posts) > 5
    for post in posts:
        mine = {problem for problem in found if problem.post == post}
        looked = {one.problem for one in _look(post).findings}
        assert {problem for problem in looked if problem.post == post} == mine


def test_each_problem_is_told_at_its_field() -> None:
    assert _told(_look("0506-hand-hygiene")) == set()
    changes = {
        "title": "长" * 70,
        "at": "2026-05-08 12:01",
        "reviewer": None,
        "cover": None,
        "images": ["media/photo-03.jpg", "media/none.jpg"],
        "variants": {"weibo": {"text": "包治百病，治愈率98%。"}},
    }
    assert _told(_look("0506-hand-hygiene", changes, "一\n\n![](media/none.jpg)\n根治")) >= {
        ("title", "title-too-long"),
        ("at", "not-a-slot"),
        ("reviewer", "science-without-reviewer"),
        ("cover", "cover-missing"),
        ("images.1", "media-missing"),
        ("article", "media-missing"),
        ("article", "efficacy-claim"),
        ("variants.weibo.text", "efficacy-claim"),
    }


def test_a_new_entry_is_told_of_its_neighbours() -> None:
    changes = {"title": "新", "at": "2026-05-06 10:10", "accounts": ["u01-wechat"], "push": True}
    looked = _look(None, changes, "文")
    assert ("at", "same-slot") in _told(looked)
    assert looked.post is not None
    assert looked.post.body == "文"
    assert not (SAMPLE / f"posts/{looked.id}.md").exists()
    before = _look(None, {**changes, "at": "2026-05-06 09:45"}, "文")
    assert ("", "same-slot") in _told(before)  # told of the other post, which comes later


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"at": "明天"}, "at", "bad-time"),
        ({"title": ""}, "title", "empty-value"),
        ({"title": None}, "title", "missing-key"),
        ({"key": {"deadline": "soon"}}, "key.deadline", "bad-deadline"),
        ({"variants": {"weibo": {"link": "x"}}}, "variants.weibo.link", "bad-link"),
        ({"accounts": ["u01-wechat", "nobody"]}, "accounts.1", "unknown-account"),
        ({"key": {"deadline": "T+4h", "must": ["u99"]}}, "key.must.0", "unknown-unit"),
        ({"text": "a\0"}, "text", "unknown-value"),
    ],
)
def test_what_is_no_post_is_told_too(changes: dict[str, Any], field: str, code: str) -> None:
    looked = _look("0508-red-cross", changes)
    assert (field, code) in _told(looked)
    assert any(one.problem.severity is Severity.ERROR for one in looked.findings)


async def test_a_new_entry_never_gets_another_posts_id(tmp_path: Path) -> None:
    """The ledger knows a post of another time and title by the id the new one would get."""
    changes = {"title": "新", "at": "2026-05-07 10:00", "accounts": ["u01-weibo"]}
    wish = Wish(post=None, changes=changes, article="文")
    async with open_world(tmp_path) as world:
        world.write_calendar()
        usual, other = ids_for(world.schedules, wish, "Asia/Shanghai")
        await world.plan(status(usual, "2026-09-03 10:00"))
        world.write_calendar()
        saved = await save_entry(world.app.core, world.schedules, wish, seen_version=None)
        assert saved.post == other
        looked = check_entry(world.schedules, Wish(post=other), world.app.read, CATALOG)
        assert looked.findings == ()
        assert looked.post is not None
        assert looked.post.title == "新"
