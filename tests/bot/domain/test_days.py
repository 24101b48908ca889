"""The health days: every row of the list, dates found by hand, and every kind of rule."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import days
from bot.domain.day_rules import BadRule, parse
from bot.domain.days import HealthDay

BY_NAME = {day.name_zh: day for day in days.load()}
YEARS = st.integers(days.FIRST_YEAR, days.LAST_YEAR)

# Looked up in printed calendars and notices, not reckoned by the program. "" is: not known.
GOLDEN = """
世界防治麻风病日 2024 01-28
世界防治麻风病日 2026 01-25
世界防治麻风病日 2027 01-31
世界癌症日（世界抗癌日） 2026 02-04
国际罕见病日 2024 02-29
国际罕见病日 2026 02-28
全国爱耳日（世界听力日） 2027 03-03
世界肾脏日 2024 03-14
世界肾脏日 2025 03-13
世界肾脏日 2026 03-12
世界肾脏日 2027 03-11
世界防治结核病日 2026 03-24
爱国卫生月 2026 04-01..04-30
全国肿瘤防治宣传周 2027 04-15..04-21
《职业病防治法》宣传周 2026 04-25..05-01
世界哮喘日 2024 05-07
世界哮喘日 2026 05-05
世界哮喘日 2027 05-04
母亲节 2025 05-11
母亲节 2026 05-10
母亲节 2027 05-09
全民营养周 2019 05-12..05-18
全民营养周 2022 05-15..05-21
全民营养周 2024 05-12..05-18
全民营养周 2026 05-10..05-16
全国助残日 2024 05-19
全国助残日 2026 05-17
全国助残日 2027 05-16
世界无烟日 2027 05-31
父亲节 2026 06-21
父亲节 2027 06-20
全国老年健康宣传周 2026
全国食品安全宣传周 2027
服务百姓健康行动（全国义诊活动周） 2026
世界急救日 2024 09-14
世界急救日 2026 09-12
世界急救日 2027 09-11
国际聋人节 2024 09-22
国际聋人节 2026 09-27
国际聋人节 2027 09-26
世界视力日（世界爱眼日） 2024 10-10
世界视力日（世界爱眼日） 2026 10-08
世界视力日（世界爱眼日） 2027 10-14
重阳节（老年节） 2019 10-07
重阳节（老年节） 2020 10-25
重阳节（老年节） 2021 10-14
重阳节（老年节） 2022 10-04
重阳节（老年节） 2023 10-23
重阳节（老年节） 2024 10-11
重阳节（老年节） 2025 10-29
重阳节（老年节） 2026 10-18
重阳节（老年节） 2027 10-08
中国国际进口博览会 2024 11-05..11-10
世界慢阻肺日 2024 11-20
世界慢阻肺日 2026 11-18
世界慢阻肺日 2027 11-17
提高抗微生物药物认识周 2026 11-18..11-24
世界艾滋病日 2026 12-01
"""


def said(day: HealthDay, year: int) -> str:
    """The dates of a day as the golden table has them."""
    found = []
    for one in day.occurrences(year):
        ends = [f"{end:%m-%d}" for end in (one.first, one.last) if end is not None]
        found.append("..".join(dict.fromkeys(ends)))
    return " ".join(found)


@pytest.mark.parametrize("line", GOLDEN.strip().splitlines())
def test_dates_found_by_hand(line: str) -> None:
    name, year, *when = line.split(" ")
    assert said(BY_NAME[name], int(year)) == " ".join(when)


@pytest.mark.parametrize("year", [2026, 2027])
def test_every_row_of_the_list_has_its_place_in_a_year(year: int) -> None:
    found = days.occurrences(year)
    assert len(days.load()) == 113
    assert {one.day.name_zh for one in found} == set(BY_NAME)
    assert len(found) == 113
    waiting = [one for one in found if one.first is None]
    assert {one.day.name_zh for one in waiting} == {
        "全国食品安全宣传周",
        "全国老年健康宣传周",
        "服务百姓健康行动（全国义诊活动周）",
    }
    assert {one.months for one in waiting} == {(6, 6), (6, 7), (9, 9)}
    known = [one.first for one in found if one.first]
    assert known == sorted(known)
    assert {one.year for one in known} == {year}


def test_every_row_is_complete() -> None:
    for day in days.load():
        assert day.names
        assert day.name_en
        assert day.organiser
        assert day.source


@settings(deadline=None)
@given(YEARS)
def test_any_year_can_be_asked_for(year: int) -> None:
    weekdays = {"monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "saturday": 5}
    for one in days.occurrences(year):
        rule = one.day.rule.text
        assert (one.first is None) == (one.last is None) == (one.months is not None)
        if one.first is None or one.last is None:
            assert rule.startswith("notice ")
            continue
        assert one.first <= one.last
        assert one.first.year == year
        for name, weekday in (weekdays | {"sunday": 6}).items():
            if rule.endswith(f" {name}"):
                assert one.first.weekday() == weekday
                nth = (one.first.day - 1) // 7
                last = (one.first + timedelta(days=7)).month != one.first.month
                assert last if " last " in rule else rule.split()[1] == ORDINALS[nth]
        if rule.endswith("sun-sat"):
            assert (one.first.weekday(), one.last.weekday()) == (6, 5)
        if rule.endswith("last day"):
            assert (one.first + timedelta(days=1)).day == 1


ORDINALS = ["first", "second", "third", "fourth"]


@pytest.mark.parametrize(
    ("rule", "year", "spans"),
    [
        ("12-28..01-03", 2026, ["2026-12-28 2027-01-03"]),
        ("02-29", 2028, ["2028-02-29 2028-02-29"]),
        ("02-29", 2027, ["2027-02-28 2027-02-28"]),
        ("02-20..02-29", 2027, ["2027-02-20 2027-02-28"]),
        ("01 week 1 sun-sat", 2027, ["2026-12-27 2027-01-02"]),
        ("05 week 1 sun-sat", 2022, ["2022-05-01 2022-05-07"]),
        ("08 first monday", 2027, ["2027-08-02 2027-08-02"]),
        ("08 last monday", 2027, ["2027-08-30 2027-08-30"]),
        ("lunar 12-30", 2025, ["2025-01-28 2025-01-28"]),  # 除夕; that month had 29 days
        ("lunar 12-30", 2026, ["2026-02-16 2026-02-16"]),
        ("lunar 01-01", 2027, ["2027-02-06 2027-02-06"]),
        # 腊八节 twice in 2022, and not at all in 2023
        ("lunar 12-08", 2022, ["2022-01-10 2022-01-10", "2022-12-30 2022-12-30"]),
        ("lunar 12-08", 2023, []),
        ("notice 06", 2027, []),
        ("2027-06-14..2027-06-20", 2027, ["2027-06-14 2027-06-20"]),
        ("2027-06-14..2027-06-20", 2026, []),
        ("2027-06-14", 2027, ["2027-06-14 2027-06-14"]),
        # as Excel and people write them
        ("2027/6/14", 2027, ["2027-06-14 2027-06-14"]),
        ("6月14日", 2027, ["2027-06-14 2027-06-14"]),
        ("４-25 .. 5-1", 2027, ["2027-04-25 2027-05-01"]),
        ("05 Second  SUNDAY", 2027, ["2027-05-09 2027-05-09"]),
    ],
)
def test_rules(rule: str, year: int, spans: list[str]) -> None:
    assert [f"{first} {last}" for first, last in parse(rule).spans(year)] == spans


@pytest.mark.parametrize(
    "rule",
    [
        *("", "5月", "off", "13-01", "00-10", "06-31", "14-Jun"),
        *("05 fifth sunday", "05 second funday", "05 week 6 sun-sat", "notice 13"),
        *("lunar 13-01", "lunar 01-31", "lunar 00-01", "lunar 01-00"),
        *("2027-02-29", "2027-06-20..2027-06-14", "2027-06-14..06-20"),
    ],
)
def test_what_is_no_rule(rule: str) -> None:
    with pytest.raises(BadRule):
        parse(rule)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_nothing_else_is_ever_raised(text: str) -> None:
    try:
        parse(text).spans(2027)
    except BadRule:
        return


@settings(deadline=None)
@given(
    st.sampled_from(["{0:02}-{1:02}", "{0:02} week {2} sun-sat", "lunar {0:02}-{1:02}"]),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(1, 5),
    YEARS,
)
def test_any_rule_has_a_place_in_any_year(
    form: str, month: int, day: int, week: int, year: int
) -> None:
    for first, last in parse(form.format(month, day, week)).spans(year):
        assert first <= last
        assert abs(first.year - year) <= 1


def test_a_notice_is_stronger_than_the_rule_in_its_year_only() -> None:
    dated = parse("2027-06-14..2027-06-20")
    day = HealthDay(name_zh="全国食品安全宣传周", rule=parse("notice 06"), dated=(dated,))
    [known], [waiting] = day.occurrences(2027), day.occurrences(2028)
    assert (known.first, known.months) == (date(2027, 6, 14), None)
    assert (waiting.first, waiting.months) == (None, (6, 6))


def test_days_of_a_period_reach_over_its_ends() -> None:
    own = HealthDay(name_zh="岁末年初走访", rule=parse("12-28..01-03"))
    found = list(days.between(date(2027, 1, 2), date(2027, 1, 30), [own, *days.load()]))
    assert [(one.day.name_zh, one.year) for one in found] == [
        ("岁末年初走访", 2026),
        ("世界被忽视热带病日", 2027),
    ]


def test_titles_name_days_by_any_of_their_names() -> None:
    def named(title: str) -> list[str]:
        return [day.name_zh for day in days.named_in(title, days.load())]

    assert named("世界无烟日：戒烟后的第一个月会发生什么") == ["世界无烟日"]
    assert named("世界抗癌日义诊") == ["世界癌症日（世界抗癌日）"]
    assert named("2026年《职业病防治法》宣传周启动") == ["《职业病防治法》宣传周"]
    assert named("“世界卫生日” 走进社区") == ["世界卫生日"]
    assert named("护士节人物：她的表") == ["国际护士节"]
    assert named("高血压日义诊") == ["世界高血压日", "全国高血压日"]  # the date tells which
    assert named("宣传周小结") == []
    assert named("喝水日记") == []
