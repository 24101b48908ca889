"""Writes the pages of this folder from the rulebook: `python docs/rules/make_pages.py`.

The index and the pages of a group are written anew. A page of a rule of its own is only begun,
where there is none; what stands under 怎样改 is for a person to write.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.cli.calendar import SEVERITIES
from bot.cli.rules import GROUPS
from bot.domain.problem import Severity
from bot.domain.rule import OWN_PAGE, Group, Rule
from bot.i18n import _
from bot.wiring.rulebook import rulebook

HERE = Path(__file__).parent
TO_DO = "（待写）"


def main() -> None:
    """Brings the folder up to date."""
    rules = list(rulebook().values())
    _write("README.md", index(rules))
    for group in GROUPS:
        mine = [rule for rule in rules if rule.group is group]
        if group not in OWN_PAGE:
            _write(f"{group.value}.md", group_page(group, mine))
    for rule in rules:
        if rule.group in OWN_PAGE and not (HERE / rule.page).exists():
            _write(rule.page, page(rule))


def _write(name: str, text: str) -> None:
    (HERE / name).write_text(text, encoding="utf-8")


def index(rules: Iterable[Rule]) -> str:
    """All rules, by group."""
    parts = [
        "# 排期检查规则\n\n`bot check` 的全部规则。`bot check --rules` 在命令行列出同一份清单，"
        "`bot check --rules 代码` 说明其中一条。怎样关闭规则见 [calendar.md](../calendar.md)。\n"
    ]
    rules = list(rules)
    for group, title in GROUPS.items():
        rows = [
            f"| [{rule.code}]({rule.page}) | {severity(rule)} | {_(rule.meaning)} |"
            for rule in rules
            if rule.group is group
        ]
        head = f"## {_(title)}\n\n| 代码 | 级别 | 含义 |\n|---|---|---|\n"
        parts.append(head + "\n".join(rows) + "\n")
    return "\n".join(parts)


def group_page(group: Group, rules: Iterable[Rule]) -> str:
    """The rules of form of one group, or what platforms refuse; a heading each."""
    parts = [f"# {_(GROUPS[group])}\n"]
    for rule in rules:
        text = f"{_(rule.meaning)}级别：{severity(rule)}。{off(rule)}"
        parts.append(f"## {rule.code}\n\n{text}\n")
    return "\n".join(parts)


def page(rule: Rule) -> str:
    """The beginning of a page."""
    ground = f"依据：{rule.law}" if rule.law else ""
    read = f"（[来源]({rule.source})，引用前请核对原文）" if rule.source else ""
    reason = f"{_(rule.why)}\n\n{ground}{read}\n" if ground else f"{_(rule.why)}\n"
    return (
        f"# {rule.code}\n\n{_(rule.meaning)}级别：{severity(rule)}。\n\n"
        f"## 为什么\n\n{reason}\n"
        f"## 例子\n\n错误：\n\n```yaml\n{rule.wrong}\n```\n\n"
        f"正确：\n\n```yaml\n{rule.right}\n```\n\n"
        f"## 怎样改\n\n{TO_DO}\n\n"
        f"## 关闭\n\n{off(rule)}\n"
    )


def severity(rule: Rule) -> str:
    """The word for people."""
    return _(SEVERITIES[rule.severity])


def off(rule: Rule) -> str:
    """How the rule is switched off, or that it cannot be."""
    if rule.group is Group.CHECKING or not rule.may_ignore:
        return "不允许关闭。"
    if rule.group is Group.CALENDAR and rule.code in {"health-day-uncovered", "account-uncovered"}:
        return f'只能在设置中关闭：`[check.off]` 下写 `{rule.code} = "原因"`。'
    note = "" if rule.severity is not Severity.ERROR else "请写明由谁复核。"
    return (
        f"单条稿件：`ignore: {{{rule.code}: 原因}}`；全单位：设置 `[check.off]` 下写 "
        f'`{rule.code} = "原因"`。{note}'
    )


if __name__ == "__main__":
    main()
