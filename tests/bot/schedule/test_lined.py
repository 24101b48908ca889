"""YAML with lines: values stay text, and every key and value knows where it stands."""

import time

import pytest

from bot.schedule.lined import Node, parse


def read(text: str) -> Node:
    node, problems = parse(text, "f.yaml")
    assert problems == []
    assert node is not None
    return node


def test_values_stay_as_they_are_written() -> None:
    text = "id: 0506\non: yes\nday: 2026-05-06\nempty:\ntilde: ~\nquoted: ''\nlist: [1, 017]\n"
    assert read(text).plain() == {
        "id": "0506",
        "on": "yes",
        "day": "2026-05-06",
        "empty": None,
        "tilde": None,
        "quoted": "",
        "list": ["1", "017"],
    }


def test_keys_and_values_have_their_lines() -> None:
    node = read("a:\n  - b: 1\n\n    c:\n      two\n  - d: |\n      x\n      y\n")
    found = node.get("a", 0, "c")
    assert found is not None
    assert (node.key_line("a", 0, "c"), found.line) == (4, 5)
    block = node.get("a", 1, "d")
    assert block is not None
    assert (block.line, block.end_line, block.value) == (6, 8, "x\ny\n")
    assert node.key_line("a", 1, "nothing") == 6
    assert node.get("a", 5) is None


def test_an_anchor_may_be_used_again() -> None:
    assert read("a: &x [1, 2]\nb: *x\n").plain() == {"a": ["1", "2"], "b": ["1", "2"]}


def test_an_anchor_within_itself_is_refused() -> None:
    node, problems = parse("a: &x [*x]\n", "f.yaml")
    assert node is None
    assert [problem.code for problem in problems] == ["yaml-syntax"]


@pytest.mark.parametrize("sign", ["[", "- ", "{a: "])
def test_depth_is_refused_quickly(sign: str) -> None:
    started = time.monotonic()
    node, problems = parse(sign * 100_000, "f.yaml")
    assert node is None
    assert [problem.code for problem in problems] == ["too-large"]
    assert time.monotonic() - started < 5  # the parser alone takes minutes


def test_an_empty_file_is_an_empty_value() -> None:
    assert read("").plain() is None
    assert read("# only a remark\n").plain() is None


def test_all_tabs_and_colons_are_told_beside_each_other() -> None:
    problems = parse("a:\n\tb: 1\nc：2\n", "f.yaml")[1]
    assert [(p.code, p.place.line) for p in problems] == [
        ("tab-indent", 2),
        ("full-width-colon", 3),
    ]


def test_a_tag_runs_nothing() -> None:
    assert read("a: !!python/object/apply:os.getcwd []\n").plain() == {"a": []}
