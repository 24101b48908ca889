"""Bodies in Markdown, plain text and Word: the same article, and problems where they stand."""

from __future__ import annotations

import codecs
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.markdown import to_html
from bot.domain.plain import plain_text
from bot.domain.post import Post
from bot.schedule.escaping import plain_body
from bot.schedule.reader import Reading, read
from tests.bot.schedule.folders import GOOD, PLATFORMS, make_folder
from tests.bot.schedule.packing import drawing, package, paragraph, png, write

TITLE = "手卫生，从七步洗手法开始"


def read_with(folder: Path, name: str, raw: bytes) -> Reading:
    make_folder(folder, calendar=f"{GOOD}    body: {name}\n")
    write(folder, name, raw)
    return read(folder, PLATFORMS)


def only_post(reading: Reading) -> Post:
    assert [problem.code for problem in reading.problems] == []
    [post] = reading.posts
    return post


TEXT = "　　流感季来了。\n时间：周三\n\n# 不是标题\n1. 不是列表\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_plain_text_of_any_usual_encoding(tmp_path: Path, encoding: str, ends: str) -> None:
    raw = TEXT.replace("\n", ends).encode(encoding)
    post = only_post(read_with(tmp_path, "posts/a.TXT", raw))
    assert post.body == "流感季来了。\\\n时间：周三\n\n\\# 不是标题\\\n1\\. 不是列表\n"
    assert to_html(post.body) == (
        "<p>流感季来了。<br>\n时间：周三</p>\n<p># 不是标题<br>\n1. 不是列表</p>"
    )


@pytest.mark.parametrize(
    "raw",
    [
        "第一行\n繁體".encode("big5"),
        "第一行\n".encode("gbk") + b"\xff\xff",
        codecs.BOM_UTF16_LE + "洗手".encode("utf-16-le"),
        "洗手\n".encode("gbk") + b"\x00\x01",
    ],
)
def test_a_text_of_no_known_encoding_is_told(tmp_path: Path, raw: bytes) -> None:
    [problem] = read_with(tmp_path, "posts/a.txt", raw).problems
    assert (problem.code, problem.place.file) == ("not-utf8", "posts/a.txt")


def test_a_problem_in_a_plain_text_has_its_line(tmp_path: Path) -> None:
    raw = "第一段*\n\n第二段\n电话13800138000\n".encode()
    [problem] = read_with(tmp_path, "posts/a.txt", raw).problems
    assert (problem.code, str(problem.place)) == ("mobile-number", "posts/a.txt:4")


LINE = st.text(st.sampled_from("甲1 *_#[]()<>&;~`\\|-+=.!:\t　x/"), max_size=9)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINE, max_size=5))
@example(["a | b", "--- | ---"])
@example(["甲", "==="])
@example(["- - -"])
@example(["[a]: /b", "[a]"])
def test_whatever_is_typed_is_what_readers_see(lines: list[str]) -> None:
    shown = [line.strip(" \t　") for line in lines]
    assert plain_text(plain_body("\n".join(lines))).split("\n") == (
        [line for line in shown if line] or [""]
    )


def test_a_word_text_and_its_pictures_are_a_body_like_any_other(tmp_path: Path) -> None:
    raw = package(
        paragraph(TITLE) + paragraph("勤洗手。") + paragraph(drawing("rId5")) + paragraph("图1"),
        parts={"word/media/image1.png": png()},
        links={"rId5": ("image", "media/image1.png")},
    )
    post = only_post(read_with(tmp_path, "posts/洗手 (1).docx", raw))
    assert post.body == '勤洗手。\n\n![](posts/洗手%20%281%29.docx#1 "图1")\n'
    [media] = post.inline
    assert (media.path, media.size) == ("posts/洗手 (1).docx#1", len(png()))
    assert "洗手%20%281%29" not in to_html(post.body, {media.path: "https://a.example/1.png"})
    assert "https://a.example/1.png" in to_html(post.body, {media.path: "https://a.example/1.png"})


def test_reading_again_gives_the_same_and_a_new_content_another(tmp_path: Path) -> None:
    raw = package(paragraph("勤洗手。"))
    first = read_with(tmp_path, "posts/a.docx", raw)
    again = read(tmp_path, PLATFORMS)
    assert (first.posts, first.fingerprint) == (again.posts, again.fingerprint)
    changed = read_with(tmp_path, "posts/a.docx", package(paragraph("多洗手。")))
    assert changed.fingerprint != first.fingerprint
    assert only_post(changed).body == "多洗手。\n"


def test_a_problem_in_a_word_text_has_its_paragraph(tmp_path: Path) -> None:
    raw = package(paragraph(TITLE) + paragraph() + paragraph("一") + paragraph("电话13800138000"))
    [problem] = read_with(tmp_path, "posts/a.docx", raw).problems
    assert (problem.code, str(problem.place)) == ("mobile-number", "posts/a.docx:3")
    assert problem.place.column is None
    assert problem.post == "0506-hand"


def test_further_articles_know_their_own_places(tmp_path: Path) -> None:
    calendar = (
        GOOD + "    more: [{title: 七步, body: posts/b.docx}, {title: 八, body: posts/c.txt}]\n"
    )
    make_folder(tmp_path, calendar=calendar)
    write(tmp_path, "posts/b.docx", package(paragraph("一") + paragraph("二，13800138000")))
    write(tmp_path, "posts/c.txt", "一\n二\n三，13800138000".encode())
    assert [str(problem.place) for problem in read(tmp_path, PLATFORMS).problems] == [
        "posts/b.docx:2",
        "posts/c.txt:3",
    ]


@pytest.mark.parametrize("name", ["posts/a.doc", "posts/a.wps", "posts/a.rtf", "posts/a.docm"])
def test_other_kinds_are_refused_by_name(tmp_path: Path, name: str) -> None:
    reading = read_with(tmp_path, name, b"anything")
    assert [(each.code, each.place.line) for each in reading.problems] == [("body-kind", 9)]
    assert reading.posts == ()


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=80), st.sampled_from(["a.docx", "a.txt", "a.md"]))
def test_no_content_of_a_body_raises(raw: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        reading = read_with(Path(folder), name, raw)
        assert all(problem.message for problem in reading.problems)
