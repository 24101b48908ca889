"""An entry of a YAML calendar is changed, and nothing else in its file."""

from __future__ import annotations

import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.schedule.entries import Files, NotSaved
from bot.schedule.folder import Folder
from bot.schedule.lined import Node
from bot.schedule.proposing import propose
from bot.schedule.shapes import PostShape
from bot.schedule.sources import read_source
from bot.schedule.wishes import ORDER, Wish
from tests.bot.schedule.changing import CHANGES

ZONE = "Asia/Shanghai"
FILE = "2026-05.yaml"
YAML = """# 五月
timezone: Asia/Shanghai   # 时区
defaults: {accounts: [u01-wechat]}
drafts: [什么都行]
posts:
  # 护士节之前
  - id: a   # 第一条
    at: 2026-05-06 10:00   # 早上
    title: "甲: 一"  # 题
    accounts:   # 谁发
      - u01-weibo   # 一
      - {u01-wechat: T+30m}
    # 短文在下面
    text: |   # 两行
      一

      二
    digest: 第一行
      第二行

  # 乙的说明
  -
    title: 乙 # 第二条
    id: b
    at: 2026-05-07 10:00
    digest:   # 以后再填
    key:
      deadline: T+24h   # 一天
      # 免转的
      exempt: {u14: 无关}   # 专科
    variants:
      weibo: {text: 短, images: [media/a.jpg]}   # 微博
    images: [media/a.jpg,
             media/b.jpg]
    ignore:
      nights: '值班'
  - {id: c, at: 2026-05-08 10:00, title: 丙, key: {deadline: T+4h}}  # 一行

  - at: 2026-05-09 10:00
    title: >-
      折
      行
    id: d
    more:
    - title: 二
      body: posts/x.md
# 完
"""


def _tree(root: Path, raw: bytes) -> Node:
    source = read_source(Folder(root=root, instead={FILE: raw}), FILE, ZONE)
    assert source.root is not None
    assert source.problems == []
    return source.root


def _after(plain: Any, index: int, changes: dict[str, Any]) -> Any:
    wanted = copy.deepcopy(plain)
    wanted["posts"][index].update(changes)
    for key in [key for key, value in changes.items() if value is None]:
        del wanted["posts"][index][key]
    return wanted


@settings(max_examples=60, deadline=None)
@given(
    index=st.integers(0, 3), changes=CHANGES, line_end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
)  # fmt: skip
def test_any_change_is_that_change_and_no_other(
    index: int, changes: dict[str, Any], line_end: str, mark: str
) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        raw = (mark + YAML.replace("\n", line_end)).encode()
        (root / FILE).write_bytes(raw)
        before = _tree(root, raw)
        made = propose(Files(root=root, zone=ZONE), Wish(post="abcd"[index], changes=changes))
        now = made.files.get(FILE, raw)
        assert _tree(root, now).plain() == _after(before.plain(), index, changes)
        entry = before.get("posts", index)
        assert entry is not None
        lines = raw.decode().split(line_end)
        head = line_end.join([*lines[: entry.line - 1], ""])
        tail = line_end.join(["", *lines[entry.end_line :]])
        assert now.decode().startswith(head)
        assert now.decode().endswith(tail)
        assert line_end == "\n" or "\n" not in now.decode().replace("\r\n", "")


def test_comments_quotes_and_layout_within_the_entry_stay(tmp_path: Path) -> None:
    def changed(post: str, **changes: Any) -> str:
        (tmp_path / FILE).write_text(YAML, "utf-8")
        wish = Wish(post=post, changes=changes)
        return propose(Files(root=tmp_path, zone=ZONE), wish).files[FILE].decode()

    assert changed("a", title='说"') == YAML.replace('"甲: 一"', r'"说\""')
    assert changed("a", text="三") == YAML.replace(
        "|   # 两行\n      一\n\n      二", "三   # 两行"
    )
    assert changed("a", title="一\n二") == YAML.replace(
        '"甲: 一"  # 题', "|-  # 题\n      一\n      二"
    )
    assert changed("a", digest=None) == YAML.replace("    digest: 第一行\n      第二行\n", "")
    assert changed("a", accounts=["u02-wechat"]) == YAML.replace(
        "u01-weibo   # 一\n      - {u01-wechat: T+30m}", "u02-wechat"
    )
    assert changed("b", digest="有") == YAML.replace("digest:   #", "digest: 有   #")
    assert changed("b", key={"deadline": "T+4h", "exempt": {"u14": "好"}}) == YAML.replace(
        "T+24h", "T+4h"
    ).replace("无关", "好")
    assert changed("b", topic="news") == YAML.replace(
        "at: 2026-05-07 10:00\n", "at: 2026-05-07 10:00\n    topic: news\n"
    )
    assert changed("c", title="丁") == YAML.replace("丙", "丁")
    assert changed("d", at="2026-05-10 10:00") == YAML.replace("05-09", "05-10")


@settings(max_examples=25, deadline=None)
@given(
    changes=CHANGES, at=st.integers(1, 14), post=st.sampled_from("abcd"),
    line_end=st.sampled_from(["\n", "\r\n"]),
)  # fmt: skip
def test_any_new_entry_is_added_and_any_entry_taken_out(
    changes: dict[str, Any], at: int, post: str, line_end: str
) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        raw = YAML.replace("\n", line_end).encode()
        (root / FILE).write_bytes(raw)
        fields = {"id": "new", "title": "新", "at": f"2026-05-{at:02} 12:00"}
        fields |= {key: value for key, value in changes.items() if value is not None}
        fields["at"] = f"2026-05-{at:02} 12:00"
        made = propose(Files(root=root, zone=ZONE), Wish(post=None, changes=fields)).files[FILE]
        _same_lines(raw, made, line_end.encode())
        old, new = (_tree(root, one).plain() for one in (raw, made))
        assert {one["id"]: one for one in new["posts"]} == {  # type: ignore[index]
            **{one["id"]: one for one in old["posts"]},  # type: ignore[index]
            "new": fields,
        }
        gone = propose(Files(root=root, zone=ZONE), Wish(post=post, remove=True)).files[FILE]
        _same_lines(gone, raw, line_end.encode())


def _same_lines(fewer: bytes, more: bytes, line_end: bytes) -> None:
    """Every line of the one is in the other, in its order."""
    left = iter(more.split(line_end))
    assert all(line in left for line in fewer.split(line_end))


@pytest.mark.parametrize(
    "posts",
    ["posts: []\n", "posts:   # 还没有\n", "", "posts: [{id: a, at: 2026-05-02 10:00, title: 甲}]"],
)
def test_a_new_entry_where_there_are_none(tmp_path: Path, posts: str) -> None:
    (tmp_path / FILE).write_text(f"timezone: Asia/Shanghai\n{posts}", "utf-8")
    wish = Wish(post=None, changes={"id": "b", "title": "乙: 🩺", "at": "2026-05-03 10:00"})
    made = propose(Files(root=tmp_path, zone=ZONE), wish)
    found: Any = _tree(tmp_path, made.files[FILE]).plain()
    assert found["posts"][-1] == {"id": "b", "at": "2026-05-03 10:00", "title": "乙: 🩺"}
    (tmp_path / FILE).write_bytes(made.files[FILE])
    made = propose(Files(root=tmp_path, zone=ZONE), Wish(post="b", remove=True))
    assert len(_tree(tmp_path, made.files[FILE]).get("posts").items()) == len(found["posts"]) - 1  # type: ignore[union-attr]


def test_a_new_entry_stands_by_its_time_and_goes_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(YAML, "utf-8")
    wish = Wish(post=None, changes={"id": "n", "title": "新", "at": "2026-05-07 18:00"})
    made = propose(Files(root=tmp_path, zone=ZONE), wish).files[FILE]
    new = "\n  - id: n\n    at: 2026-05-07 18:00\n    title: 新\n"
    assert made.decode() == YAML.replace("  - {id: c", f"{new}  - {{id: c")
    (tmp_path / FILE).write_bytes(made)
    gone = propose(Files(root=tmp_path, zone=ZONE), Wish(post="n", remove=True)).files[FILE]
    assert gone.decode() == YAML


def test_what_cannot_be_changed_safely_is_refused(tmp_path: Path) -> None:
    """An anchor somebody else's value hangs on would change that as well."""
    text = (
        "timezone: Asia/Shanghai\nposts:\n"
        "  - {id: a, at: 2026-05-02 10:00, title: 甲, digest: &same 同}\n"
        "  - {id: b, at: 2026-05-03 10:00, title: 乙, digest: *same}\n"
    )
    (tmp_path / FILE).write_text(text, "utf-8")
    files = Files(root=tmp_path, zone=ZONE)
    with pytest.raises(NotSaved, match=FILE):
        propose(files, Wish(post="a", changes={"digest": "别"}))
    made = propose(files, Wish(post="b", changes={"digest": "别"})).files[FILE]
    assert made.decode() == text.replace("*same", "别")


def test_the_order_of_keys_names_every_key() -> None:
    assert set(ORDER) == set(PostShape.model_fields)
