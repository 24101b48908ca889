"""Cases thought up to break the rules, outside the generator. Few of them held at first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.matching import Candidate, KeyText, Matcher, key_text
from tests.data.health_texts import FLU, FLU_TITLE, HANDS, HEAT, NURSE, SLEEP, notice
from tests.matching.corpus import DEADLINE, FLAGSHIP, RELEASED, UNITS

LINK = "https://mp.weixin.qq.com/s?__biz=MzA&mid=265&idx=1"
PARAGRAPHS = FLU.splitlines()
STONE, SOUTH = "石桥埠社区卫生服务中心", "南渡社区卫生服务中心"
FIELDS = (STONE, "高血压", "11月21日", "上午九时", "桥东居委会", "5550-1201")
NOTICE = notice(*FIELDS)
TOLD = (
    "1. 疫苗在接种后几周产生保护？A.一到两周 B.两到四周\n2. 退热满多少小时再返校返岗？"
    "A.二十四 B.四十八\n3. 抗病毒药物最好在发病头几天之内用？"
)


def key(title: str, *texts: str) -> KeyText:
    return key_text(
        post=title,
        title=title,
        texts=texts,
        released_at=RELEASED,
        deadline_at=DEADLINE,
        marker="HT-9F3A61C2",
        urls=[LINK],
    )


FLU_KEY = key(FLU_TITLE, FLU)
CLINIC = key("义诊活动通知", NOTICE)
WEEKLY = key("义诊活动通知", NOTICE.replace("11月21日", "本周六"))


def decisions(key_item: KeyText, title: str, text: str, source_url: str = "") -> set[str]:
    candidate = Candidate(
        account="a",
        title=title,
        text=text,
        published_at=RELEASED + timedelta(hours=2),
        source_url=source_url,
        own_unit_names=frozenset({STONE}),
    )
    matcher = Matcher([key_item], unit_names=UNITS, flagship_names=FLAGSHIP)
    return {verdict.decision for verdict in matcher.match(candidate)}


@pytest.mark.parametrize(
    ("key_item", "title", "text"),
    [
        (FLU_KEY, FLU_TITLE.replace("流感", "诺如"), FLU.replace("流感", "诺如")),
        (FLU_KEY, FLU_TITLE, FLU.replace("1,342", "986").replace("26家", "14家")),
        (FLU_KEY, "我们的应对", f"{HEAT}\n{PARAGRAPHS[1]}\n{SLEEP}\n来源：健康澜汀"),
        (FLU_KEY, FLU_TITLE, f"{PARAGRAPHS[0]}\n{HEAT}\n{SLEEP}"),
        (FLU_KEY, "通知", f"各科室：\n《{FLU_TITLE}》\n请组织学习，3日内上报照片。"),
        (FLU_KEY, "有奖问答", TOLD),
        (FLU_KEY, "小常识", f"{HEAT}\n精选留言\n读者：{PARAGRAPHS[3]}{PARAGRAPHS[4]}"),
        (FLU_KEY, "声明", "稿号 HT-9F3A61C2 已撤回，请勿转发"),
        (FLU_KEY, "我们的做法", f"{FLU[:230]}\n{HEAT}"),
        (FLU_KEY, "", f"【{FLU_TITLE}】做好自己健康的第一责任人，看全文 http://t.cn/A6xyz"),
        (CLINIC, "义诊活动通知", "本周六上午在南渡有义诊，欢迎参加，电话5550-1302。来源：健康澜汀"),
        (CLINIC, "义诊", notice(SOUTH, *FIELDS[1:])),
        (CLINIC, "义诊", notice(SOUTH, "糖尿病", "11月25日", *FIELDS[3:5], "5550-1302")[60:]),
        (CLINIC, "义诊", NOTICE.replace("11月21日", "十一月二十八日")),
        (CLINIC, "义诊", NOTICE.replace("桥东居委会", "渡口文化站")),
        (CLINIC, "义诊", NOTICE.replace("上午九时", "下午九时")),
        (WEEKLY, "义诊", NOTICE.replace("11月21日", "下周六")),
    ],
)
def test_no_article_like_it_is_told_by_itself(key_item: KeyText, title: str, text: str) -> None:
    assert "reprinted" not in decisions(key_item, title, text)


def test_an_article_that_only_points_at_it_is_for_a_person() -> None:
    assert decisions(FLU_KEY, "动态", f"{HEAT}{SLEEP}", source_url=LINK) == {"doubtful"}


def test_a_part_among_other_words_is_not_passed_over() -> None:
    assert decisions(FLU_KEY, "看看", f"{FLU[:160]}\n{HEAT}") == {"doubtful"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n".join(FLU[at : at + 12] for at in range(0, len(FLU), 12)), id="wrapped"),
        pytest.param(" ".join(FLU), id="spaced"),
        pytest.param("。\n".join(reversed(FLU.split("。"))), id="sentences turned round"),
        pytest.param(f"{FLU}\n{FLU}", id="twice"),
        pytest.param(f"1. {FLU_TITLE}\n2. 洗手\n{HEAT}\n{FLU}\n{HANDS}", id="behind a table"),
        pytest.param("&lt;p&gt;" + FLU.replace("，", "&nbsp;，"), id="entities"),
        pytest.param(FLU.replace("11月", "1️⃣11月"), id="figures in boxes"),
        pytest.param(f"\u202e{FLU}\u202c\udc00", id="signs that turn or break text"),
        pytest.param(FLU.replace("人", "\u2f08").replace("一", "\u2f00"), id="radicals"),
        pytest.param(f"转载自健康澜汀\n{FLU[:300]}\n{NURSE[:60]}", id="a part with its source"),
    ],
)
def test_a_copy_is_told_whatever_happened_to_its_signs(text: str) -> None:
    assert decisions(FLU_KEY, "看看", text) == {"reprinted"}


LONG = ("😊" * 100_000, "哈" * 100_000, "一二三" * 30_000, "# " * 50_000)


@pytest.mark.parametrize("text", ["", "\x00", *LONG], ids=lambda text: repr(text[:4]))
def test_what_says_nothing_is_read_in_no_time(text: str) -> None:
    assert decisions(FLU_KEY, "", text) == set()
