"""What may not be published, and what only looks like it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.post import Article, Override, Post
from bot.domain.problem import Place, Problem, Severity
from bot.schedule.rules import facts, texts
from bot.schedule.rules.finding import Where


def post(
    *,
    text: str = "",
    title: str = "标题",
    topic: str = "",
    reviewer: str = "",
    source: str = "",
    source_url: str = "",
    patient_story: bool = False,
    consent: str = "",
    weibo: str = "",
    author: str = "",
) -> Post:
    return Post(
        id="0506-a",
        title=title,
        due_at=datetime(2026, 5, 6, tzinfo=UTC),
        accounts=("u01-wechat",),
        window=timedelta(hours=6),
        text=text,
        topic=topic,
        author=author,
        reviewer=reviewer,
        source=source,
        source_url=source_url,
        patient_story=patient_story,
        consent=consent,
        overrides={"weibo": Override(text=weibo)} if weibo else {},
    )


def where(name: str, piece: str, skip: int) -> Place:
    """A place that shows what was asked for."""
    return Place(file=f"{name}|{piece}", line=skip + 1)


def check(given: Post, at: Where) -> list[Problem]:
    return [*facts.check(given, at), *texts.usual().check(given, at)]


def codes(given: Post) -> list[str]:
    return [problem.code for problem in check(given, where)]


@pytest.mark.parametrize(
    "text",
    [
        "总有效率高达95.6%",
        "治愈率98％",
        "治愈率达到百分之九十八",
        "治愈率超过九成",
        "取得了98%的治愈率",
        "达到90%以上的有效率",
        "本疗法100%有效",
        "百分之百治愈",
        "一次根治，终身不犯",
        "三个疗程药到病除",
        "祖传秘方包治百病",
        "我们拥有全市最佳疗效",
        "本品无任何副作用",
    ],
)
def test_a_promise_of_effect_is_an_error(text: str) -> None:
    assert "efficacy-claim" in codes(post(text=text))


@pytest.mark.parametrize(
    "text",
    [
        "高血压目前不能根治，但可以控制",
        "糖尿病尚无办法根治",
        "慢性病难以根治。",
        "行乳腺癌根治术后的患者",
        "根治性切除后三个月复查",
        "根治拖欠农民工欠薪问题",
        "凡是宣称根治高血压的，都是骗局",
        "警惕“治愈率98%”一类的虚假宣传",
        "更有效率地完成了90%的随访",
        "疫苗接种率达到98%",
        "手术100%由主任医师完成",
        "患者满意度98%，治愈率稳步提高",
        "安全生产百分之百落实",
    ],
)
def test_what_promises_nothing_is_let_through(text: str) -> None:
    assert codes(post(text=text)) == []


def test_a_denial_covers_its_own_sentence_only() -> None:
    given = post(text="慢性病不能根治。我院膏药根治腰痛。")
    [problem] = check(given, where)
    assert problem.place == Place(file="text|根治", line=2)  # the second time it stands there


def test_titles_and_variants_are_checked_too() -> None:
    given = post(title="包治百病", weibo="药到病除")
    assert [p.place.file for p in check(given, where)] == [
        "title|包治百病",
        "variants.weibo.text|药到病除",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002X",
        "证号：11010519491231002x。",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105 19491231 002X",
        "440308199901101512",
    ],
)
def test_an_identity_number_is_an_error_and_never_shown_whole(text: str) -> None:
    [problem] = check(post(text=text), where)
    assert (problem.code, problem.severity) == ("id-number", Severity.ERROR)
    shown = problem.message + problem.hint
    assert "19491231" not in shown
    assert "19990110" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",  # wrong check character
        "110105194913310029",  # no such month
        "4403081999011015120",  # 19 digits
        "流水号 123456789012345678",
    ],
)
def test_other_long_numbers_are_let_through(text: str) -> None:
    assert codes(post(text=text)) == []


@pytest.mark.parametrize(
    "text", ["13800001234", "请拨138-0000-1234", "１３８００００１２３４", "138 0000 1234"]
)
def test_a_mobile_number_is_a_warning(text: str) -> None:
    [problem] = check(post(text=text), where)
    assert (problem.code, problem.severity) == ("mobile-number", Severity.WARNING)
    assert "00001234" not in problem.message


@pytest.mark.parametrize("text", ["021-12320", "https://weibo.com/13800001234", "138000012345"])
def test_other_numbers_are_no_mobile_numbers(text: str) -> None:
    assert codes(post(text=text)) == []


@pytest.mark.parametrize(
    ("bad", "code", "field"),
    [
        (Article(title="药到病除", body="正文"), "efficacy-claim", "title"),
        (Article(title="标题", body="正文", digest="治愈率98%"), "efficacy-claim", "digest"),
        (Article(title="标题", body="编号 11010519491231002X"), "id-number", "body"),
        (Article(title="标题", body="请拨13800001234"), "mobile-number", "body"),
    ],
)
def test_further_articles_are_looked_through_as_the_first(
    bad: Article, code: str, field: str
) -> None:
    fine = Article(title="标题", body="正文")
    [problem] = check(replace(post(), more=(fine, bad)), where)
    assert problem.code == code
    assert problem.place.file.startswith(f"more.1.{field}|")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (post(topic="science", author="某科"), ["science-without-reviewer"]),
        (post(topic="science", reviewer="李医生"), ["science-without-origin"]),
        (post(topic="science", reviewer="李医生", author="健康促进中心"), []),
        (post(topic="science", reviewer="李医生", source="新华社"), []),
        (post(topic="reprint"), ["reprint-without-source"]),
        (post(topic="reprint", source="新华社"), ["reprint-without-source"]),
        (post(topic="reprint", source="新华社", source_url="https://example.cn/1"), []),
        (post(title="世界无烟日（选题）"), ["draft-title"]),
        (post(patient_story=True), ["consent-missing"]),
        (post(patient_story=True, consent="同意书-2026-014"), []),
    ],
)
def test_what_a_kind_of_post_must_state(given: Post, expected: list[str]) -> None:
    assert codes(given) == expected
    assert all(p.hint and p.post == given.id for p in check(given, where))
