"""Guards: what differs between a copy and an article that only looks like one."""

from __future__ import annotations

import pytest

from bot.domain.guards import names_differ, numbers_differ, places_differ, subjects_differ
from bot.domain.normalise import normalise
from bot.domain.passages import Alignment, align
from tests.data.health_texts import FLU, notice

FIELDS = ("石桥埠社区卫生服务中心", "高血压", "11月21日", "上午九时", "桥东居委会", "5550-1201")
NOTICE = notice(*FIELDS)
UNITS = ("石桥埠社区卫生服务中心", "南渡社区卫生服务中心", "区疾病预防控制中心", "区疾控中心")


def beside(key: str, other: str) -> Alignment:
    return align(normalise(key), normalise(other))


def changed(old: str, new: str, text: str = NOTICE) -> Alignment:
    assert old in text
    return beside(text, text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("11月21日", "11月28日"),
        ("11月21日", "十二月二十一日"),
        ("上午九时", "上午十时"),
        ("5550-1201", "5550-1302"),
    ],
)
def test_another_number_in_its_place_is_seen(old: str, new: str) -> None:
    assert numbers_differ(changed(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("11月21日", "十一月二十一日"),
        ("11月21日", "11/21"),
        ("上午九时", "上午09:00"),
        ("11月21日", "近日"),
        ("咨询电话：5550-1201，", ""),
        ("请自觉排队", "请听从3位志愿者安排"),
        ("有多位具有丰富临床经验", "有一批临床经验丰富"),
    ],
)
def test_numbers_written_otherwise_left_out_or_added_are_none(old: str, new: str) -> None:
    assert not numbers_differ(changed(old, new))


def test_other_paragraphs_are_no_change_of_a_number() -> None:
    lines = FLU.splitlines()
    own = "本中心三楼新开了两间诊室，周末也能看病，停车有40个车位，乘6路车到桥东站下。"
    assert not numbers_differ(beside(FLU, "\n".join([own, *lines[1:]])))


def test_the_ordinal_of_another_year_is_seen_wherever_it_stands() -> None:
    key = f"5月31日是第39个世界无烟日。{FLU}"
    assert numbers_differ(beside(key, f"{FLU}到了第三十八个世界无烟日，大家都来戒烟。"))
    assert not numbers_differ(beside(key, f"{FLU}到了第三十九个世界无烟日，大家都来戒烟。"))


def test_a_number_that_stands_elsewhere_too_belongs_to_another_article() -> None:
    other = NOTICE.replace("11月21日", "11月28日")
    assert not numbers_differ(beside(NOTICE, f"{other}\n{FLU}\n{NOTICE}"))


def test_another_disease_in_its_place_is_seen() -> None:
    assert subjects_differ(changed("高血压义诊", "糖尿病义诊"))
    assert not subjects_differ(changed("高血压义诊", "大型义诊"))


@pytest.mark.parametrize(
    ("old", "new", "differ"),
    [
        ("桥东居委会", "渡口文化站", True),
        ("上午九时", "下午九时", True),
        ("11月21日", "下周三", False),
        ("安全距离", "一米距离", False),
    ],
)
def test_another_place_or_time_in_its_place_is_seen(old: str, new: str, *, differ: bool) -> None:
    assert places_differ(changed(old, new)) is differ


def test_another_weekday_is_seen() -> None:
    key = NOTICE.replace("11月21日", "本周三")
    assert places_differ(beside(key, key.replace("本周三", "本周五")))


def test_another_units_name_is_seen_and_the_own_one_may_stand() -> None:
    found = changed("石桥埠社区卫生服务中心", "南渡社区卫生服务中心")
    assert names_differ(found, UNITS, ())
    assert not names_differ(found, UNITS, ("南渡社区卫生服务中心",))


def test_a_name_in_front_of_everything_is_seen_behind_a_header() -> None:
    key = f"南渡社区卫生服务中心提醒：{FLU}"
    other = f"点击关注，守护健康每一天\n石桥埠社区卫生服务中心提醒：{FLU}"
    assert names_differ(beside(key, other), UNITS, ())


def test_a_short_name_is_no_other_name() -> None:
    assert not names_differ(changed("区疾病预防控制中心", "区疾控中心", FLU), UNITS, ())
