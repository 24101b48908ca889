"""The rules of the calendar as a whole, and those of switching rules off."""

from __future__ import annotations

from typing import Final

from bot.domain.problem import Severity
from bot.domain.rule import Group, Rule
from bot.i18n import N_

_UPDATES: Final = "国办秘函〔2019〕19号（内容不更新）"
_UPDATES_AT: Final = "https://51xunbu.com/kss/c107449/202010/54336522e21e46d58c7fee8c3a412fb5.shtml"
_SAME: Final = "《互联网用户公众账号信息服务管理规定》(2021)"
_SAME_AT: Final = "http://www.hzjfms.com/index.php?columnid=37&id=1394"
_FORMALISM: Final = "《关于防治“指尖上的形式主义”的若干意见》(2023)"
_FORMALISM_AT: Final = "https://wallstreetcn.com/livenews/2595984"
_OWN: Final = "本单位排期习惯"  # no regulation asks for it


def _rule(
    code: str,
    meaning: str,
    why: str,
    ground: tuple[str, str],
    example: tuple[str, str],
    *,
    severity: Severity = Severity.WARNING,
) -> Rule:
    return Rule(
        code=code,
        group=Group.CALENDAR,
        meaning=meaning,
        why=why,
        law=ground[0],
        source=ground[1],
        wrong=example[0],
        right=example[1],
        severity=severity,
    )


CALENDAR: Final = (
    _rule(
        "same-slot",
        N_("Two posts of one account are planned at nearly the same time."),
        N_("The second hides the first, and followers are told twice within minutes."),
        (_OWN, ""),
        (
            "at: 2026-05-06 10:00\nat: 2026-05-06 10:10",
            "at: 2026-05-06 10:00\nat: 2026-05-06 16:00",
        ),
    ),
    _rule(
        "same-content",
        N_("One account is to publish the same content twice within 30 days."),
        N_("Identical content in bulk is what platforms and the regulation act against."),
        (_SAME, _SAME_AT),
        ("title: 世界无烟日\ntitle: 世界无烟日", "title: 世界无烟日\ntitle: 戒烟门诊怎么去"),
    ),
    _rule(
        "quiet-hours",
        N_("A post is planned in the night."),
        N_("A message at night wakes people, and nobody is there to answer for it."),
        (_OWN, ""),
        ("at: 2026-05-06 23:30", "at: 2026-05-07 08:30"),
    ),
    _rule(
        "holiday-post",
        N_("News is planned on a public holiday."),
        N_("On holidays few people read and few can put a mistake right."),
        (_OWN, ""),
        ("at: 2026-10-02 10:00\ntopic: news", "at: 2026-10-09 10:00\ntopic: news"),
        severity=Severity.INFO,
    ),
    _rule(
        "deadline-off-hours",
        N_("The time for reprints ends in the night or on a public holiday."),
        N_("Units can only keep a deadline that falls into working days; no night work for it."),
        (_FORMALISM, _FORMALISM_AT),
        (
            "at: 2026-05-06 22:00\nkey: {deadline: T+4h}",
            "at: 2026-05-06 09:00\nkey: {deadline: T+4h}",
        ),
    ),
    _rule(
        "health-day-uncovered",
        N_("A health day within the calendar has no post."),
        N_("Health days are the occasions the office plans for."),
        (_OWN, ""),
        ("at: 2026-05-28 09:00", "at: 2026-05-31 09:00\ntitle: 世界无烟日"),
        severity=Severity.INFO,
    ),
    _rule(
        "account-uncovered",
        N_("An account stays without a post for longer than its limit."),
        N_("Two weeks without an update make an account fail its inspection."),
        (_UPDATES, _UPDATES_AT),
        (
            "at: 2026-05-01 09:00\nat: 2026-05-29 09:00",
            "at: 2026-05-01 09:00\nat: 2026-05-12 09:00",
        ),
    ),
    _rule(
        "quota-exceeded",
        N_("More posts are planned than an account's quota allows."),
        N_("What is over the quota goes late or not at all."),
        (
            "微信公众平台群发规则",
            "https://developers.weixin.qq.com/community/develop/doc/000c8c659b87a084cc799cccc51409",
        ),
        ("push: true", "push: false"),
    ),
    _rule(
        "reprints-too-many",
        N_("The reprints of a key item cannot all go out before its deadline."),
        N_("No more than reprinting.per_hour of one item go out within an hour."),
        (_OWN, ""),
        ("deadline: T+4h", "deadline: T+24h"),
    ),
)


def _own(code: str, meaning: str, severity: Severity = Severity.ERROR) -> Rule:
    return Rule(
        code=code,
        group=Group.CHECKING,
        meaning=meaning,
        why=N_("Switching a rule off is a decision somebody must be able to read later."),
        wrong="ignore: {mobile-number: }",
        right="ignore: {mobile-number: 门诊总机，已核}",
        severity=severity,
    )


CHECKING: Final = (
    _own("rule-unknown", N_("A rule that is to be ignored does not exist.")),
    _own("rule-not-optional", N_("A rule is to be ignored that cannot be switched off.")),
    _own("ignore-without-reason", N_("A rule is to be ignored without a reason.")),
    _own("ignore-unused", N_("A rule is ignored that found nothing."), Severity.WARNING),
)
