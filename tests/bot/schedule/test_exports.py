"""What is written out is read back the same, in every kind of file; and no bytes raise."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.post import Post
from bot.domain.problem import NOWHERE
from bot.domain.roster import Roster
from bot.schedule.codes import RULES
from bot.schedule.csvfile import read_csv
from bot.schedule.exports import Calendar, Unsayable, to_csv, to_yaml, written
from bot.schedule.gathering import gather
from bot.schedule.headings import TOPICS, Kind, column_at, post_columns
from bot.schedule.lined import Node, parse
from bot.schedule.reader import Reading, read
from bot.schedule.rows import Findings
from bot.schedule.shapes import CalendarShape, PostShape
from bot.schedule.sheets import Sheets
from bot.schedule.workbook import Sheet, to_xlsx
from bot.schedule.xlsx import read_xlsx

SCHEDULES = Path(__file__).parents[3] / "schedules"
ZONE = ZoneInfo("Asia/Shanghai")
CREATED = datetime(2026, 5, 1)  # noqa: DTZ001
KINDS = ("yaml", "xlsx", "csv")


def bytes_of(calendar: Calendar, kind: str, roster: Roster) -> bytes:
    if kind == "xlsx":
        sheet = Sheet(title="2026年5月", posts=calendar.posts)
        return to_xlsx(calendar, [sheet], roster, created=CREATED, example=False)
    return to_csv(calendar) if kind == "csv" else to_yaml(calendar)


def tree_of(raw: bytes, kind: str) -> tuple[Node | None, list[str]]:
    """The file's tree and the codes of its problems."""
    if kind == "yaml":
        node, told = parse(raw.decode(), "a.yaml")
        return node, [problem.code for problem in told]
    grids, problems = (read_xlsx if kind == "xlsx" else read_csv)(raw, f"a.{kind}")
    found = Findings(problems=problems)
    tree = Sheets(file=f"a.{kind}", zone="UTC", findings=found).read(grids)
    return tree, [problem.code for problem in found.problems]


@cache
def sample() -> Reading:
    return read(SCHEDULES)


def without_places(posts: tuple[Post, ...]) -> list[Post]:
    return [replace(post, place=NOWHERE) for post in posts]


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_month_is_the_same_plan_in_every_kind_of_file(kind: str, tmp_path: Path) -> None:
    shutil.copytree(SCHEDULES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "2026-05.yaml").unlink()
    raw = bytes_of(gather(sample()), kind, sample().roster)
    (tmp_path / f"2026-05.{kind}").write_bytes(raw)
    again = read(tmp_path)
    assert without_places(again.posts) == without_places(sample().posts)
    assert again.broken == frozenset()
    assert sorted((p.code, p.post) for p in again.problems) == sorted(
        (p.code, p.post) for p in sample().problems
    )


# What people really paste, and what programs take for something else.
NASTY = [
    *("=1+1", "+86 10", "-", "@健康澜汀", "'=x", "''=x", "'", '"', "“”", "（无）", "'（无）"),
    *("a,b;c\td", "、，；", "[1]", '["a"]', "{}", '{"a": "b"}', "null", "~", "true", "是"),
    *("2026-05-06", "1e5", "多行\n\n 文字\n- x: y", "😀🏥", "_x000D_", "&lt;<b>", "\u200b零宽"),
    *("u14：无关；u15", "科普", "science", "'科普", ": x", "# 注", "%", "*a", "&a", "a: b #c"),
    *("0506", "#N/A", "!x"),
    "长" * 5000,
]
NO_XML = "\ufffe\uffff"
SHOWN = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters=NO_XML)
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(SHOWN | st.just("\n"), max_size=20))
SAID = TEXTS.map(str.strip).filter(bool)
IDS = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z-]{0,20}", fullmatch=True)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2120, 1, 1)).map(  # noqa: DTZ001
    lambda moment: f"{moment:%Y-%m-%d %H:%M}"
)
LATER = st.sampled_from(["T+4h", "T-30m", "T+1d 10:00"])
SPANS = st.sampled_from(["30m", "6h", "2d"])
DAYS = st.dates(date(1990, 1, 1), date(2098, 12, 31)).map(str)
VALUES: Mapping[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: SAID,
    Kind.FLAG: st.sampled_from(["true", "false", "yes", "no", "True"]),
    Kind.MOMENT: MOMENTS | LATER,
    Kind.INSTANT: MOMENTS,
    Kind.DATE: DAYS,
    Kind.SPAN: SPANS,
    Kind.DEADLINE: SPANS.map("T+{}".format),
    Kind.NAMES: st.lists(SAID, max_size=3),
    Kind.IDS: st.lists(IDS | st.builds("{} T+{}".format, IDS, SPANS), min_size=1, max_size=10),
    Kind.PAIRS: st.dictionaries(SAID, TEXTS.map(str.strip), max_size=2),
    Kind.TOPIC: st.sampled_from([*TOPICS, *NASTY]).map(str.strip),
}
LINKS = st.sampled_from(["https://example.cn/a?b=1&c=%20", "http://澜汀.example.cn/"])


def values(*keys: str | int) -> st.SearchStrategy[Any]:
    """What may stand under a key."""
    if keys[-1] in ("link", "source_url"):
        return LINKS
    if keys == ("id",):
        return IDS
    return VALUES[column_at(*keys).kind]


def group(*before: str | int, names: list[str], required: tuple[str, ...] = ()) -> Any:
    """A mapping of some of these keys."""
    given = {name: values(*before, name) for name in names}
    return st.fixed_dictionaries(
        {name: given.pop(name) for name in required},
        optional=given,
    )


def optional(names: list[str]) -> dict[str, Any]:
    return {name: values(name) for name in names}


SAME = ["title", "text", "digest", "link", "images", "video", "options"]
ARTICLE = ["title", "body", "cover", "digest", "author", "link"]
OWN = [column.name for column in post_columns() if len(column.keys) == 1]
POSTS = st.fixed_dictionaries(
    {name: values(name) for name in ("id", "at", "title")},
    optional={
        **optional([name for name in OWN if name not in ("id", "at", "title")]),
        "variants": st.dictionaries(
            st.sampled_from(["wechat", "weibo", "new-one"]),
            st.one_of(
                group("variants", "weibo", names=SAME),
                st.just({"text": "", "images": [], "title": "（无）"}),
            ),
            max_size=2,
        ),
        "more": st.lists(group("more", 0, names=ARTICLE, required=("title", "body")), max_size=2),
        "key": group("key", names=["deadline", "spread", "exempt"], required=("deadline",)),
    },
)
CALENDARS = st.builds(
    Calendar,
    zone=st.sampled_from(["Asia/Shanghai", "UTC"]),
    defaults=st.fixed_dictionaries(
        {}, optional={"accounts": values("accounts"), "window": values("window")}
    ),
    columns=st.dictionaries(
        SAID,
        st.fixed_dictionaries({}, optional={"rule": SAID, "extra": st.lists(DAYS)}),
        max_size=1,
    ),
    posts=st.lists(POSTS, max_size=3),
)


def meaning(calendar: Mapping[str, Any]) -> Any:
    """What a file says, once the shapes have read it."""
    shape = CalendarShape.model_validate(calendar)
    posts = [PostShape.model_validate(post, context={"zone": ZONE}) for post in shape.posts]
    return shape.timezone, shape.defaults, shape.columns, posts


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(calendar=CALENDARS)
def test_whatever_is_written_is_read_back_the_same(kind: str, calendar: Calendar) -> None:
    raw = bytes_of(calendar, kind, sample().roster)
    tree, codes = tree_of(raw, kind)
    assert codes == []
    assert tree is not None
    given_data = {
        "timezone": calendar.zone,
        "defaults": calendar.defaults,
        "columns": calendar.columns,
        "posts": list(calendar.posts),
    }
    read_back = tree.plain()
    assert isinstance(read_back, dict)
    assert meaning(read_back) == meaning(given_data)


def test_nothing_in_a_csv_file_is_a_formula() -> None:
    posts = [{"id": f"p{n}", "at": "2026-05-06 10:00", "title": t} for n, t in enumerate(NASTY)]
    text = to_csv(Calendar(zone="UTC", posts=posts)).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("xlsx", "长" * 32_768), ("csv", "长" * 140_000), ("xlsx", "a\rb"), ("xlsx", "\uffff")],
)
def test_what_cannot_be_written_is_refused(kind: str, value: str) -> None:
    with pytest.raises(Unsayable):
        written(column_at("text"), value, kind=kind)


GOOD = gather(sample(), "2026-05")
SHORT = replace(GOOD, posts=GOOD.posts[:6])
SLICES = st.tuples(st.integers(0, 100_000), st.integers(0, 8), st.binary(max_size=8))


def spoilt(raw: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """The bytes with pieces of them replaced."""
    for start, length, piece in changes:
        at = start % (len(raw) + 1)
        raw = raw[:at] + piece + raw[at + length :]
    return raw


@cache
def parts() -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bytes_of(SHORT, "xlsx", sample().roster))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


PARTS = ["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"]
PARTS += ["xl/styles.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"]


@settings(max_examples=80, deadline=None)
@given(name=st.sampled_from(PARTS), changes=st.lists(SLICES, min_size=1, max_size=3))
def test_no_damaged_workbook_raises(name: str, changes: list[tuple[int, int, bytes]]) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for part, content in parts().items():
            archive.writestr(part, spoilt(content, changes) if part == name else content)
    _tree, codes = tree_of(stream.getvalue(), "xlsx")
    assert set(codes) <= set(RULES)


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(["xlsx", "csv"]), changes=st.lists(SLICES, min_size=1, max_size=4))
def test_no_damaged_bytes_raise(kind: str, changes: list[tuple[int, int, bytes]]) -> None:
    _tree, codes = tree_of(spoilt(bytes_of(SHORT, kind, sample().roster), changes), kind)
    assert set(codes) <= set(RULES)


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(["xlsx", "csv"]), raw=st.binary(max_size=300))
def test_no_bytes_at_all_raise(kind: str, raw: bytes) -> None:
    tree, codes = tree_of(raw, kind)
    assert tree is None
    assert set(codes) <= set(RULES)
