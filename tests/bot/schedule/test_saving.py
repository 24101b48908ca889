"""What somebody changed is saved into real files, or not at all and with a reason."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from bot.schedule.entries import Conflict, NotSaved, entry
from bot.schedule.saving import LOCK, move, remove, save
from bot.schedule.wishes import Wish
from tests.bot.schedule.folders import GOOD, make_folder

MORE = """  - id: 0507-next
    column: 周三科普
    slot: 2026-05-13
    title: 下一篇
    body: posts/next.md
"""
COLUMNS = """columns:
  周三科普: {rule: 每周三, at: 10:00, defaults: {author: 疾控}, accounts: [u01-weibo]}
posts:
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "schedules"
    (root / "posts").mkdir(parents=True)
    make_folder(root, calendar=GOOD.replace("posts:\n", COLUMNS) + MORE)
    (root / "posts" / "next.md").write_bytes("\ufeff# 题\r\n\r\n正文。\r\n".encode())
    return root


def _text(folder: Path) -> str:
    return (folder / "2026-05.yaml").read_text("utf-8")


def _all(folder: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_an_entry_is_shown_as_it_stands_in_its_file(folder: Path) -> None:
    found = entry(folder, "0507-next")
    assert found.fields["slot"] == "2026-05-13"
    assert "author" not in found.fields
    assert found.lent == {"accounts": ["u01-weibo"], "author": "疾控"}
    assert found.article is not None
    assert found.article.text == "# 题\n\n正文。\n"
    assert (found.file, found.place.line, found.zone) == ("2026-05.yaml", 11, "Asia/Shanghai")


def test_fields_and_body_are_saved_together(folder: Path) -> None:
    before = _text(folder)
    wish = Wish(post="0507-next", changes={"title": "新题"}, article="# 新\r\n\r\n段落 🩺")
    saved = save(folder, wish, seen_version=entry(folder, "0507-next").version)
    assert _text(folder) == before.replace("下一篇", "新题")
    raw = (folder / "posts" / "next.md").read_bytes()
    assert raw == "\ufeff# 新\r\n\r\n段落 🩺".encode()
    assert saved.written == ("posts/next.md", "2026-05.yaml")
    assert saved.entry == entry(folder, "0507-next")
    left = {item.name for item in folder.iterdir()} - {LOCK}
    assert left == {"roster.yaml", "2026-05.yaml", "posts"}
    again = save(folder, wish, seen_version=saved.entry.version if saved.entry else None)
    assert again.written == ()


def test_somebody_elses_change_elsewhere_is_no_conflict(folder: Path) -> None:
    seen = entry(folder, "0507-next").version
    file = folder / "2026-05.yaml"
    file.write_text(
        _text(folder).replace("洗手二十秒。", "三十秒").replace("posts:\n", "posts: # 五月\n", 1)
    )
    other = _text(folder)
    save(folder, Wish(post="0507-next", changes={"title": "新"}), seen_version=seen)
    assert _text(folder) == other.replace("下一篇", "新")


@pytest.mark.parametrize("where", ["entry", "body", "gone"])
def test_a_conflict_shows_what_is_there_now(folder: Path, where: str) -> None:
    seen = entry(folder, "0507-next").version
    if where == "entry":
        (folder / "2026-05.yaml").write_text(_text(folder).replace("下一篇", "别人改的"))
    elif where == "body":
        (folder / "posts" / "next.md").write_text("别人的正文")
    else:
        (folder / "2026-05.yaml").write_text(_text(folder).replace(MORE, ""))
    before = _all(folder)
    with pytest.raises(Conflict) as caught:
        save(folder, Wish(post="0507-next", changes={"title": "我的"}), seen_version=seen)
    now = caught.value.now
    if where == "gone":
        assert now is None
    else:
        assert now == entry(folder, "0507-next")
    assert {path: raw for path, raw in _all(folder).items() if LOCK not in path} == before


def test_moving_leaves_slot_and_chain(folder: Path) -> None:
    before = _text(folder)
    seen = entry(folder, "0507-next").version
    saved = move(folder, "0507-next", datetime(2026, 5, 14, 2, 30, tzinfo=UTC), seen_version=seen)
    assert saved.entry is not None
    assert saved.entry.fields["at"] == "2026-05-14 10:30"
    assert "slot" not in saved.entry.fields
    assert _text(folder) == before.replace("    slot: 2026-05-13\n", "").replace(
        "id: 0507-next\n", "id: 0507-next\n    at: 2026-05-14 10:30\n"
    )
    gone = remove(folder, "0507-next", seen_version=saved.entry.version)
    assert gone.entry is None
    assert _text(folder) == before.replace(MORE, "")


def test_a_new_entry_gets_an_id_a_file_and_a_body(folder: Path) -> None:
    changes = {"title": "六月", "at": datetime(2026, 5, 31, 16, tzinfo=UTC), "push": True}
    saved = save(folder, Wish(post=None, changes=changes, article="文"), seen_version=None)
    assert saved.file == "2026-06.yaml"
    assert saved.entry is not None
    assert saved.entry.fields == {
        "id": saved.post,
        "at": "2026-06-01 00:00",
        "title": "六月",
        "body": f"posts/{saved.post}.md",
        "push": "true",
    }
    with pytest.raises(NotSaved):  # the same once more, by a second click
        save(folder, Wish(post=None, changes={**changes, "id": saved.post}), seen_version=None)


def test_a_body_two_entries_share_does_not_change_for_both(folder: Path) -> None:
    text = _text(folder).replace("text: 洗手二十秒。", "body: posts/next.md")
    (folder / "2026-05.yaml").write_text(text)
    shared = (folder / "posts" / "next.md").read_bytes()
    saved = save(
        folder,
        Wish(post="0506-hand", article="新"),
        seen_version=entry(folder, "0506-hand").version,
    )
    assert saved.entry is not None
    assert saved.entry.fields["body"] == "posts/0506-hand.md"
    assert (folder / "posts" / "next.md").read_bytes() == shared


BAD: list[tuple[dict[str, Any], str | None, str]] = [
    ({"title": "a\0b"}, None, "title"),
    ({"title": ""}, None, "title"),
    ({"at": "明天"}, None, "at"),
    ({"id": "other"}, None, "id"),
    ({"key": {"deadline": "soon"}}, None, "key.deadline"),
    ({"variants": {"weibo": {"link": "x"}}}, None, "variants.weibo.link"),
    ({"variants": {"weibo": {"nothing": "x"}}}, None, "variants.weibo.nothing"),
    ({"accounts": "u01-wechat"}, None, "accounts"),
    ({"title": ["a"]}, None, "title"),
    ({"nothing": "x"}, None, "nothing"),
    ({"text": "长" * 3_500_000}, None, "text"),
    ({"more": [[[[[[["x"]]]]]]]}, None, "more"),
    ({"title": "\ud800"}, None, "title"),
    ({}, "长" * 3_500_000, "article"),
    ({}, "\x1b", "article"),
]


@pytest.mark.parametrize(("changes", "article", "field"), BAD, ids=lambda value: str(value)[:30])
def test_what_no_entry_can_have_is_refused_with_its_field(
    folder: Path, changes: dict[str, Any], article: str | None, field: str
) -> None:
    before = _all(folder)
    seen = entry(folder, "0507-next").version
    with pytest.raises(NotSaved) as caught:
        save(folder, Wish(post="0507-next", changes=changes, article=article), seen_version=seen)
    assert caught.value.field == field
    assert {path: raw for path, raw in _all(folder).items() if LOCK not in path} == before


@pytest.mark.parametrize(
    "file", ["../x.yaml", "roster.yaml", "2026-05(1).yaml", "x.txt", "posts/x.yaml", "~$x.xlsx", ""]
)
def test_a_new_entry_goes_into_no_other_kind_of_file(folder: Path, file: str) -> None:
    before = _all(folder)
    changes = {"title": "新", "at": "2026-05-06 10:00"}
    if not file:  # its day says nothing either
        changes = {"title": "新"}
    with pytest.raises(NotSaved):
        save(folder, Wish(post=None, changes=changes, file=file or None), seen_version=None)
    assert {path: raw for path, raw in _all(folder).items() if LOCK not in path} == before


@pytest.mark.parametrize("body", ["../out.md", "/tmp/out.md", "posts/text.docx", "posts"])
def test_a_body_that_is_no_text_of_the_folder_is_not_written(folder: Path, body: str) -> None:
    (folder / "posts" / "text.docx").write_bytes(b"PK")
    (folder / "2026-05.yaml").write_text(_text(folder).replace("posts/next.md", body))
    before = _all(folder.parent)
    seen = entry(folder, "0507-next").version
    with pytest.raises(NotSaved):
        save(folder, Wish(post="0507-next", article="新"), seen_version=seen)
    after = {path: raw for path, raw in _all(folder.parent).items() if LOCK not in path}
    assert after == before


def test_a_file_open_elsewhere_is_left_alone_and_so_is_its_body(folder: Path) -> None:
    (folder / ".~lock.2026-05.yaml#").touch()
    before = _all(folder)
    seen = entry(folder, "0507-next").version
    wish = Wish(post="0507-next", changes={"title": "新"}, article="新")
    with pytest.raises(NotSaved) as caught:
        save(folder, wish, seen_version=seen)
    assert caught.value.passing
    assert ".~lock.2026-05.yaml#" in str(caught.value)
    assert {path: raw for path, raw in _all(folder).items() if LOCK not in path} == before


def test_a_full_disk_leaves_everything_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system refuses the second file's turn: the first is put back."""
    seen = entry(folder, "0507-next").version
    before = _all(folder)
    replace = os.replace

    def full(source: Path, target: Path) -> None:
        if Path(target).suffix == ".yaml":
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    wish = Wish(post="0507-next", changes={"title": "新"}, article="新")
    with pytest.raises(NotSaved):
        save(folder, wish, seen_version=seen)
    assert {path: raw for path, raw in _all(folder).items() if LOCK not in path} == before


def test_of_several_who_save_at_once_one_wins_and_the_others_are_told(folder: Path) -> None:
    seen = entry(folder, "0507-next").version
    start = Barrier(4)

    def one(number: int) -> bool:
        start.wait()
        try:
            save(folder, Wish(post="0507-next", changes={"title": str(number)}), seen_version=seen)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(one, range(4)))
    assert won.count(True) == 1
    assert entry(folder, "0507-next").fields["title"] == str(won.index(True))
