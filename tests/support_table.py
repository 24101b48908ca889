"""The table of platforms in the READMEs, made from what the adapters say of themselves.

`python -m tests.support_table` writes it; tests/test_support_table.py holds it true.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adapters import registry
from bot.contract import Adapter, Connects, Finding, Hears, Knows, Previews, Withdraws

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- platforms -->", "<!-- /platforms -->"


@dataclass(frozen=True, kw_only=True)
class Language:
    """The words of one README."""

    file: str
    headings: tuple[str, ...]
    yes: str
    person: str  # a person must look
    by_hand: str
    names: bool  # platforms by their Chinese names only


ENGLISH = Language(
    file="README.md",
    headings=(
        *("platform", "`mode`", "publish", "find a lost answer", "read back", "counters"),
        *("callbacks", "connect by page", "profile", "withdraw", "preview"),
    ),
    yes="yes",
    person="a person looks",
    by_hand="package for a person",
    names=False,
)
CHINESE = Language(
    file="README.zh-CN.md",
    headings=(
        *("平台", "`mode`", "自动发布", "丢失应答后核查", "回读", "数据"),
        *("回调", "扫码授权", "账号资料", "撤回", "预览"),
    ),
    yes="有",
    person="人工查看",
    by_hand="人工发布包",
    names=True,
)


def table(language: Language) -> str:
    """The table as Markdown, one line per platform and mode; packages for a person come last."""
    rows = [language.headings, tuple("---" for _heading in language.headings)]
    by_hand: dict[tuple[str, ...], list[str]] = {}
    for platform, mode, kind in sorted(_kinds(), key=lambda one: (one[0], one[1])):
        if kind.name == registry.HANDOFF:
            by_hand.setdefault(_abilities(platform, kind, language), []).append(f"`{platform}`")
            continue
        rows.append((_title(platform, kind, language), mode, *_abilities(platform, kind, language)))
    rows += [("、".join(sorted(names)), "", *what) for what, names in by_hand.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _kinds() -> Iterator[tuple[str, str, type[Adapter]]]:
    for platform in registry.platforms():
        for mode in registry.modes(platform):
            yield platform, mode, registry.adapter_for(platform, mode)


def kind_title(kind: type[Adapter]) -> str:
    """The platform's name for people."""
    return kind.capabilities.title


def _title(platform: str, kind: type[Adapter], language: Language) -> str:
    return kind_title(kind) if language.names else f"{platform} ({kind_title(kind)})"


def _abilities(platform: str, kind: type[Adapter], language: Language) -> tuple[str, ...]:
    can, desk = kind.capabilities, registry.desk_class(platform)
    finds = language.yes if can.finding is Finding.SURE else language.person
    marks = (
        can.recent,
        can.stat,
        desk is not None and issubclass(desk, Hears),
        desk is not None and issubclass(desk, Connects),
        issubclass(kind, Knows),
        issubclass(kind, Withdraws),
        issubclass(kind, Previews),
    )
    return (
        language.yes if can.publishes else language.by_hand,
        finds if can.publishes else "",
        *(language.yes if mark else "" for mark in marks),
    )


def with_table(text: str, language: Language) -> str:
    """`text` with the table between its marks; raises ValueError when they are not there once."""
    changed, count = re.subn(
        f"{re.escape(BEGIN)}.*?{re.escape(END)}",
        lambda _found: f"{BEGIN}\n\n{table(language)}\n\n{END}",
        text,
        flags=re.DOTALL,
    )
    if count != 1:
        raise ValueError(f"{language.file} must have {BEGIN} … {END} once")
    return changed


def main() -> int:
    """Writes both READMEs."""
    for language in (ENGLISH, CHINESE):
        path = ROOT / language.file
        path.write_text(with_table(path.read_text(encoding="utf-8"), language), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
