"""Columns: what posts take over, their slots, and times counted from other posts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.post import Post
from bot.domain.problem import NOWHERE, Place, Severity
from bot.domain.rule import OWN_PAGE
from bot.ledger.posts import content_hash, decode, encode
from bot.schedule.codes import RULES
from bot.schedule.exports import to_yaml
from bot.schedule.gathering import gather
from bot.schedule.reader import Reading, read
from tests.bot.schedule.folders import PLATFORMS, make_folder

HEAD = "timezone: Asia/Shanghai\n"
COLUMN = """columns:
  周三科普:
    rule: FREQ=WEEKLY;BYDAY=WE
    at: 10:00
    from: 2026-05-01
    until: 2026-12-31
    except: [2026-05-20]
    extra: [2026-05-09]
    holidays: 顺延
    accounts: [u01-wechat, {u01-weibo: T+30m}]
    window: 12h
    defaults:
      author: 区疾控中心
      reviewer: 张医生
      topic: science
      variants: {weibo: {link: "https://example.cn/a"}}
    template:
      title: 第{n}期 周三科普｜{title}
      text: "{text} #周三科普#"
      digest: "{date}的周三科普"
"""
ONE = """  - id: one
    column: 周三科普
    slot: 2026-05-06
    title: 洗手
    text: 洗手二十秒。
"""


def post(name: str, *lines: str) -> str:
    return f"  - id: {name}\n" + "".join(
        f"    {line}\n" for line in (f"title: 标题{name}", "text: 洗手。", *lines)
    )


def reading(folder: Path, posts: str, columns: str = COLUMN) -> Reading:
    text = f"{HEAD}defaults: {{accounts: [u02-wechat]}}\n{columns}posts:\n{posts}"
    return read(make_folder(folder, calendar=text), PLATFORMS)


def the(found: Reading, name: str) -> Post:
    [post] = [post for post in found.posts if post.id == name]
    return post


def codes(found: Reading) -> list[tuple[str, str | None]]:
    """What is wrong with its form; the content and the times have their own tests."""
    form = [one for one in found.problems if RULES[one.code].group not in OWN_PAGE]
    return [(one.code, one.post) for one in form]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of May 2026 in Shanghai."""
    return datetime(2026, 5, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def test_a_post_takes_over_what_its_column_says(tmp_path: Path) -> None:
    found = reading(tmp_path, ONE)
    assert codes(found) == []
    one = the(found, "one")
    assert one.due_at == at(6, 10)
    assert one.accounts == ("u01-wechat", "u01-weibo")
    assert one.delays == {"u01-weibo": timedelta(minutes=30)}
    assert one.window == timedelta(hours=12)
    assert (one.author, one.reviewer, one.topic) == ("区疾控中心", "张医生", "science")
    assert one.title == "第1期 周三科普｜洗手"
    assert one.text == "洗手二十秒。 #周三科普#"
    assert one.digest == "5月6日的周三科普"
    assert one.overrides["weibo"].link == "https://example.cn/a"
    assert found.slots.posts == {("周三科普", datetime(2026, 5, 6).date()): ["one"]}  # noqa: DTZ001


def test_what_a_post_says_itself_wins_key_by_key(tmp_path: Path) -> None:
    more = (
        "    author: 区医院\n    reviewer:\n    window: 1h\n    accounts: [u01-wechat]\n"
        "    digest: 自己的摘要\n    variants: {weibo: {text: 短}, douyin: {title: 片}}\n"
    )
    one = the(reading(tmp_path, ONE + more), "one")
    assert (one.author, one.reviewer) == ("区医院", "张医生")  # nothing after a key is not written
    assert (one.window, one.accounts, one.delays) == (timedelta(hours=1), ("u01-wechat",), {})
    assert one.digest == "自己的摘要"
    assert one.overrides["weibo"].text == "短"
    assert one.overrides["weibo"].link == "https://example.cn/a"
    assert one.overrides["douyin"].title == "片"


def test_a_template_fills_in_what_is_not_written_and_leaves_out_what_is_not_there(
    tmp_path: Path,
) -> None:
    columns = COLUMN.replace("第{n}期 周三科普｜{title}", "周三科普第{n}期")
    posts = ONE.replace("    title: 洗手\n", "").replace("    text: 洗手二十秒。\n", "")
    one = the(reading(tmp_path, posts, columns), "one")
    assert (one.title, one.text) == ("周三科普第1期", "")


def test_braces_in_a_posts_own_words_are_words(tmp_path: Path) -> None:
    one = the(reading(tmp_path, ONE.replace("洗手二十秒。", '"{n} {x} {{"')), "one")
    assert one.text == "{n} {x} {{ #周三科普#"


def test_a_column_is_known_in_every_file(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, calendar=HEAD + "posts:\n" + ONE)
    (folder / "columns.yaml").write_text(HEAD + COLUMN + "posts: []\n", "utf-8")
    found = read(folder, PLATFORMS)
    assert the(found, "one").reviewer == "张医生"
    missing = COLUMN.replace("topic: science", "topic: science\n      cover: media/none.jpg")
    (folder / "columns.yaml").write_text(HEAD + missing + "posts: []\n", "utf-8")
    again = read(folder, PLATFORMS)
    assert codes(again) == [("media-missing", "one")]
    [problem] = [one for one in again.problems if one.code == "media-missing"]
    assert (problem.place.file, problem.place.line) == ("columns.yaml", 17)


def test_a_label_without_a_definition_stays_a_label(tmp_path: Path) -> None:
    found = reading(tmp_path, post("a", "at: 2026-05-07 10:00", "column: 护士节人物"))
    assert [code for code, _post in codes(found) if code != "slot-empty"] == []
    assert the(found, "a").column == "护士节人物"
    assert the(found, "a").accounts == ("u02-wechat",)


def test_a_column_without_a_rule_only_lends(tmp_path: Path) -> None:
    columns = "columns: {人物: {defaults: {author: 区医院}, template: {title: 人物｜{title}}}}\n"
    columns = columns.replace("人物｜{title}", '"人物｜{title}"')
    found = reading(tmp_path, post("a", "at: 2026-05-07 10:00", "column: 人物"), columns)
    assert codes(found) == []
    assert (the(found, "a").title, the(found, "a").author) == ("人物｜标题a", "区医院")
    assert found.slots.columns == []


def test_a_post_of_a_faulty_column_is_no_post_and_counts_as_not_read(tmp_path: Path) -> None:
    found = reading(
        tmp_path, ONE + post("b", "at: 2026-05-07 10:00"), COLUMN.replace("10:00", "10")
    )
    assert codes(found) == [("bad-clock", None)]
    assert [post.id for post in found.posts] == ["b"]
    assert found.broken == {"2026-05.yaml"}


def test_a_post_whose_column_cannot_be_read_stays_as_it_was_planned(tmp_path: Path) -> None:
    """Without what it takes over it would be changed, or held for a reviewer it has."""
    folder = make_folder(tmp_path, calendar=HEAD + "posts:\n" + ONE)
    (folder / "columns.yaml").write_text(HEAD + COLUMN + "posts: [\n", "utf-8")
    found = read(folder, PLATFORMS)
    assert found.posts == ()
    assert ("column-unread", "one") in codes(found)
    assert found.broken == {"2026-05.yaml", "columns.yaml"}


def test_empty_slots_within_the_calendars_days_are_told(tmp_path: Path) -> None:
    found = reading(tmp_path, ONE + post("z", "at: 2026-06-10 10:00"))
    told = [problem for problem in found.problems if problem.code == "slot-empty"]
    assert {problem.severity for problem in told} == {Severity.WARNING}
    assert [problem.place for problem in told] == [Place(file="2026-05.yaml", line=4)] * 5
    for problem, day in zip(told, ("05-09", "05-13", "05-27", "06-03", "06-10"), strict=True):
        assert f"2026-{day}" in problem.message


def test_many_empty_slots_are_told_in_one_line(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        ONE + post("z", "at: 2035-06-10 10:00"),
        COLUMN.replace("    until: 2026-12-31\n", ""),
    )
    assert len([code for code, _post in codes(found) if code == "slot-empty"]) == 13


def test_an_entry_with_a_mistake_still_fills_its_slot(tmp_path: Path) -> None:
    broken = post("b", "column: 周三科普", "slot: 2026-05-13", "titel: x", "window: 0h")
    last = post("c", "column: 周三科普", "slot: 2026-05-27")
    found = reading(tmp_path, ONE + broken + last, COLUMN.replace("    extra: [2026-05-09]\n", ""))
    assert codes(found) == [("window-not-positive", "b"), ("unknown-key", "b")] or codes(found) == [
        ("unknown-key", "b"),
        ("window-not-positive", "b"),
    ]


def test_a_slot_moved_by_a_holiday_is_filled_by_either_day(tmp_path: Path) -> None:
    columns = COLUMN.replace("2026-05-01", "2026-10-01")
    columns = columns.replace("    except: [2026-05-20]\n    extra: [2026-05-09]\n", "")
    first = post("a", "column: 周三科普", "slot: 2026-10-07")
    twice = post("b", "column: 周三科普", "slot: 2026-10-08")
    found = reading(tmp_path, first, columns)
    assert (codes(found), the(found, "a").due_at) == (
        [],
        datetime(2026, 10, 8, 2, tzinfo=UTC),
    )
    assert codes(reading(tmp_path, first + twice, columns)) == [("slot-twice", "b")]


def test_the_slots_ahead_with_and_without_posts(tmp_path: Path) -> None:
    ahead = reading(tmp_path, ONE).slots.coming(at(6, 9), timedelta(days=10))
    assert [(one.slot.day.day, one.posts) for one in ahead] == [(6, ("one",)), (9, ()), (13, ())]
    assert reading(tmp_path, ONE).slots.coming(at(6, 10, 1), timedelta(days=1)) == []


RELATIVE = (
    post("a", "at: 2026-05-06 10:00")
    + post("b", "at: T+4h", "after: a")
    + post("c", "at: T+1d 10:30", "after: b")
    + post("d", "at: T-30m", "after: c")
)


def test_times_are_counted_from_post_to_post(tmp_path: Path) -> None:
    found = reading(tmp_path, RELATIVE, "")
    assert codes(found) == []
    due = {post.id: post.due_at for post in found.posts}
    assert due == {"a": at(6, 10), "b": at(6, 14), "c": at(7, 10, 30), "d": at(7, 10)}


def test_what_follows_moves_along_also_from_another_file(tmp_path: Path) -> None:
    folder = make_folder(
        tmp_path, calendar=HEAD + "defaults: {accounts: [u01-wechat]}\nposts:\n" + RELATIVE
    )
    head = HEAD + "defaults: {accounts: [u01-wechat]}\nposts:\n"
    (folder / "06.yaml").write_text(head + post("e", "at: T+0d 18:00", "after: d"), "utf-8")
    text = (
        (folder / "2026-05.yaml").read_text("utf-8").replace("2026-05-06 10:00", "2026-05-08 09:00")
    )
    (folder / "2026-05.yaml").write_text(text, "utf-8")
    due = {post.id: post.due_at for post in read(folder, PLATFORMS).posts}
    assert (due["b"], due["e"]) == (at(8, 13), at(9, 18))


@pytest.mark.parametrize(
    ("posts", "expected"),
    [
        (  # a ring of two, and one that hangs on it
            post("a", "at: T+4h", "after: b")
            + post("b", "at: T+4h", "after: a")
            + post("c", "at: T+4h", "after: b"),
            {"a": "relative-cycle", "b": "relative-cycle", "c": "after-not-planned"},
        ),
        (  # the first has a mistake of its own
            post("a", "at: 10:00") + post("b", "at: T+4h", "after: a"),
            {"a": "time-without-day", "b": "after-not-planned"},
        ),
        (  # two of that name
            post("a", "at: 2026-05-06 10:00")
            + post("a", "at: 2026-05-07 10:00")
            + post("b", "at: T+4h", "after: a"),
            {"a": "duplicate-post", "b": "after-not-planned"},
        ),
        (
            post("a", "at: 2999-12-31 10:00") + post("b", "at: T+4d", "after: a"),
            {"b": "bad-relative-time"},
        ),
    ],
)
def test_nothing_is_planned_after_what_has_no_time(
    tmp_path: Path, posts: str, expected: dict[str, str]
) -> None:
    found = reading(tmp_path, posts, "")
    assert {post: code for code, post in codes(found)} == expected
    assert {post.id for post in found.posts} == {"a"} - set(expected)
    assert found.broken == {"2026-05.yaml"}


def test_a_long_chain_is_followed(tmp_path: Path) -> None:
    chain = post("p0", "at: 2026-05-06 10:00") + "".join(
        post(f"p{n}", "at: T+1m", f"after: p{n - 1}") for n in range(1, 1500)
    )
    found = reading(tmp_path, chain, "")
    assert codes(found) == []
    assert the(found, "p1499").due_at == at(6, 10) + timedelta(minutes=1499)


def test_when_it_goes_is_not_what_it_says(tmp_path: Path) -> None:
    plain = post("a", "at: 2026-05-06 10:00", "accounts: [u01-wechat]")
    later = plain.replace("[u01-wechat]", "[{u01-wechat: T+30m}, u01-weibo T+1h]") + (
        "    embargo: 2026-05-06 08:00\n"
    )
    before, after = (the(reading(tmp_path, text, ""), "a") for text in (plain, later))
    assert content_hash(before) == content_hash(after)
    assert after.delays == {"u01-wechat": timedelta(minutes=30), "u01-weibo": timedelta(hours=1)}
    assert after.embargo_until == at(6, 8)
    assert decode(encode(after)) == after


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("embargo: 2026-05-06 10:00",), []),
        (("embargo: 2026-05-06 10:30", "accounts: [{u01-wechat: T+30m}]"), []),
        (
            ("embargo: 2026-05-06 10:30", "accounts: [u01-weibo, {u01-wechat: T+30m}]"),
            [("before-embargo", "a")],
        ),
    ],
)
def test_no_account_may_be_due_before_the_embargo_ends(
    tmp_path: Path, lines: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    found = reading(tmp_path, post("a", "at: 2026-05-06 10:00", *lines), "")
    assert codes(found) == expected


def test_a_row_of_a_sheet_says_all_of_it_too(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, calendar=HEAD + COLUMN + "posts: []\n")
    rows = (
        "编号,发布时间,期次,跟随稿件,标题,短文,栏目,账号,禁发时限\n"
        "one,,2026/5/6,,洗手,洗手。,周三科普,,2026年5月6日 8:00\n"
        "two,T+4h,,one,再洗手,洗手。,,u01-wechat、u01-weibo T+30m,\n"
    )
    (folder / "2026-05b.csv").write_text(rows, "utf-8")
    found = read(folder, PLATFORMS)
    assert codes(found) == []
    one, two = the(found, "one"), the(found, "two")
    assert (one.due_at, one.embargo_until, one.reviewer) == (at(6, 10), at(6, 8), "张医生")
    assert (two.due_at, two.delays) == (at(6, 14), {"u01-weibo": timedelta(minutes=30)})


def test_posts_that_meet_only_by_an_accounts_delay_are_told(tmp_path: Path) -> None:
    """And those that meet only without it are not."""
    first = post("a", "at: 2026-05-06 10:00", "accounts: [{u01-wechat: T+30m}, u01-weibo]")
    second = post("b", "at: 2026-05-06 10:30", "accounts: [u01-wechat]").replace("洗手。", "二。")
    third = post("c", "at: 2026-05-06 10:30", "accounts: [{u01-weibo: T+2h}]").replace(
        "洗手。", "三。"
    )
    found = reading(tmp_path, first + second + third, "")
    assert [one.post for one in found.problems if one.code == "same-slot"] == ["b"]


def test_a_calendar_gathered_from_files_that_differ_keeps_what_columns_lend(
    tmp_path: Path,
) -> None:
    """Written as one file, with the column of a file that has no posts."""
    folder = make_folder(
        tmp_path, calendar=HEAD + "defaults: {accounts: [u02-wechat], window: 1h}\nposts:\n" + ONE
    )
    (folder / "columns.yaml").write_text(HEAD + COLUMN + "posts: []\n", "utf-8")
    other = HEAD + "defaults: {accounts: [u01-weibo]}\nposts:\n"
    (folder / "06.yaml").write_text(other + post("z", "at: 2026-05-08 10:00"), "utf-8")
    before = read(folder, PLATFORMS)
    written = to_yaml(gather(before))
    for name in ("2026-05.yaml", "06.yaml", "columns.yaml"):
        (folder / name).unlink()
    (folder / "all.yaml").write_bytes(written)
    after = read(folder, PLATFORMS)
    assert [replace(one, place=NOWHERE) for one in after.posts] == [
        replace(one, place=NOWHERE) for one in before.posts
    ]
