"""A rule of `bot check`: what a code means, on what ground, and whether it may be switched off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.problem import Severity


class Group(StrEnum):
    """What a rule looks at; the rules of form share one page a group."""

    FOLDER = "folder"  # the folder and its files
    WRITING = "writing"  # YAML and lists
    SHEETS = "sheets"  # Excel and CSV
    VALUES = "values"  # keys and what stands behind them
    COLUMNS = "columns"  # recurring columns and times counted from others
    MEDIA = "media"  # texts, pictures and videos
    BODIES = "bodies"  # Word files and other texts
    ENTRIES = "entries"  # between entries
    CONTENT = "content"
    CALENDAR = "calendar"
    LINKS = "links"  # addresses in texts, asked only on request
    CHECKING = "checking"  # the checking itself
    PLATFORM = "platform"  # what a platform would refuse


OWN_PAGE = frozenset({Group.CONTENT, Group.CALENDAR, Group.CHECKING})


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. Texts are English msgids except `law` and the examples, which are the office's."""

    code: str
    group: Group
    meaning: str
    severity: Severity = Severity.ERROR  # the worst it can have
    why: str = ""
    law: str = ""  # the regulation, as it is cited
    source: str = ""  # where that was read
    wrong: str = ""  # lines of a calendar file
    right: str = ""
    optional: bool = False  # an error that may be switched off with a reason

    @property
    def may_ignore(self) -> bool:
        """Warnings and notes may be switched off; errors only where the law leaves room."""
        return self.optional or self.severity is not Severity.ERROR

    @property
    def page(self) -> str:
        """Its page below docs/rules, with the heading where several rules share one."""
        if self.group in OWN_PAGE:
            return f"{self.code}.md"
        return f"{self.group.value}.md#{self.code}"


def table(
    group: Group,
    meanings: Mapping[str, str],
    warnings: Collection[str] = (),
    notes: Collection[str] = (),
) -> dict[str, Rule]:
    """Rules that need no more than a sentence, by code; some only warn, or are but notes."""
    rank = dict.fromkeys(warnings, Severity.WARNING) | dict.fromkeys(notes, Severity.INFO)
    return {
        code: Rule(
            code=code,
            group=group,
            meaning=meaning,
            severity=rank.get(code, Severity.ERROR),
        )
        for code, meaning in meanings.items()
    }
