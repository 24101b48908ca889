"""Whatever the ledger may hold has its words, and a line of trouble says nothing twice."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.cli import history
from bot.domain import history_words, words
from bot.domain.post import Kind, Method
from bot.domain.publication import Hold, Publication, Role, State

ROOT = Path(__file__).parents[3] / "bot"
CJK = re.compile("[\u4e00-\u9fff]")
ADVICE = "原创校验失败，修改或取得授权后重建草稿"


def _sources(*folders: str) -> str:
    files = sorted(path for folder in folders for path in (ROOT / folder).glob("*.py"))
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_every_step_has_a_name_in_words() -> None:
    files = (ROOT / "domain" / f"{name}.py" for name in ("transitions", "afterwards"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    names = set(re.findall(r'_step\(\s*"([a-z_]+)"', text))
    names |= set(re.findall(r'"publication\.([a-z_]+)"', text)) | {"planned", "published"}
    assert len(names) > 20
    said = {name: history_words.event(f"publication.{name}") for name in names}
    assert {name for name, text in said.items() if not CJK.search(text)} == set()


def test_every_reason_has_words() -> None:
    found = re.findall(
        r'(?:reason=|why=|"message": |_registry\(pub, )"([a-z_]+)"',
        re.sub('reason="(?:deleted|twice)"', "", _sources("domain", "engine")),  # of counts
    )
    assert len(set(found)) > 10
    wordless = {code for code in [*found, *Hold] if not CJK.search(words.reason(code))}
    assert wordless == set()


def test_every_state_role_and_platform_has_words() -> None:
    assert all(CJK.search(words.state(state)) for state in State)
    assert all(CJK.search(words.role(role)) for role in Role if role is not Role.NOBODY)
    assert words.role(Role.NOBODY) == ""
    platforms = ("wechat", "weibo", "douyin", "kuaishou", "channels", "website")
    assert all(CJK.search(words.platform(name)) for name in platforms)
    assert words.platform("somewhere") == "somewhere"


def test_every_rule_of_matching_has_words() -> None:
    text = (ROOT / "domain" / "matching.py").read_text(encoding="utf-8")
    rules = set(re.findall(r'"[ABCD]", "([a-z-]+)"', text))
    rules |= set(re.findall(r'(?:return|else|if) "([a-z]+(?:-[a-z]+)*)"', text))
    rules |= set(re.findall(r'rule="([a-z-]+)"', text))
    assert {"contained", "guard-names", "marker", "link", "before-release"} <= rules
    assert {rule for rule in rules if not CJK.search(words.evidence(f"A:{rule}"))} == set()


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("receipt", "平台回执"),
        ("confirmed", "人工确认"),
        ("first release", "首发"),
        ("A:marker", "A 级：带有稿号"),
        ("C:contained c=0.93; source missing", "C 级：正文相同 93%，未注明来源"),
        ("B:source-and-title; source missing", "B 级：注明来源且标题相同，未注明来源"),
        ("D:of-another-version", "D 级：of-another-version"),
        ("", ""),
    ],
)
def test_evidence_in_words(code: str, shown: str) -> None:
    assert words.evidence(code).startswith(shown)


def _pub(**more: Any) -> Publication:
    base: dict[str, Any] = {
        "id": 1,
        "post": "p1",
        "account": "u01-wechat",
        "unit": "u01",
        "platform": "wechat",
        "kind": Kind.ORIGINAL,
        "method": next(iter(Method)),
        "key": "k",
        "by_hand": False,
        "needs_acceptance": False,
        "state": State.FAILED,
        "reason": "rejected",
        "due_at": datetime(2026, 5, 6, tzinfo=UTC),
        "not_after": datetime(2026, 5, 7, tzinfo=UTC),
        "offset_s": 0,
        "content_hash": "c",
        "next_at": None,
        "lease": None,
        "attempts": 0,
        "commits": 0,
        "finds": 0,
        "committed_at": None,
    }
    known = {field.name for field in fields(Publication)}
    assert known >= base.keys()
    return Publication(**base | more)


def test_an_advice_within_the_message_is_said_once() -> None:
    error = {"message": f"微信没有发布（publish_status:2）：{ADVICE}", "advice": ADVICE}
    shown = words.trouble(_pub(error=error))
    assert shown == f"平台拒绝发布；微信没有发布（publish_status:2）：{ADVICE}"


def test_sentences_are_joined_without_doubled_stops() -> None:
    error = {"message": "抖音审核未通过该视频。", "advice": "请修改文案或视频。"}
    shown = words.trouble(_pub(error=error))
    assert shown == "平台拒绝发布；抖音审核未通过该视频；请修改文案或视频"


def test_the_exact_fault_of_a_registration_is_named() -> None:
    pub = _pub(state=State.HELD, reason=Hold.REGISTRY.value, error={"why": "name_differs"})
    assert words.trouble(pub) == "账号认证名称与单位名称不符"


def test_a_published_one_has_no_trouble_but_a_later_change() -> None:
    pub = _pub(state=State.PUBLISHED, reason="", error={"message": "old"})
    assert words.trouble(pub) == ""
    changed = _pub(state=State.PUBLISHED, reason="", changed_hash="d")
    assert words.trouble(changed) == "发布后排期有改动，没有重发"


def test_a_persons_own_words_stay_theirs() -> None:
    shown = history.facts(
        {"reason": "withdrawn", "by": "王老师", "text": "领导要求改期"}, ZoneInfo("Asia/Shanghai")
    )
    assert shown == "已撤稿；领导要求改期；经办：王老师"
