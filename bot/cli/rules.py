"""The rules of `bot check` for people and programs."""

from __future__ import annotations

from collections.abc import Iterable

from rich.markup import escape

from bot.cli.calendar import SEVERITIES
from bot.cli.output import emit, screen, table
from bot.domain.rule import Group, Rule
from bot.i18n import N_, _

PAGES = "docs/rules"
GROUPS = {
    Group.FOLDER: N_("Folder and files"),
    Group.WRITING: N_("How files are written"),
    Group.SHEETS: N_("Excel and CSV"),
    Group.VALUES: N_("Keys and values"),
    Group.COLUMNS: N_("Recurring columns and relative times"),
    Group.MEDIA: N_("Texts, pictures and videos"),
    Group.BODIES: N_("Word files"),
    Group.ENTRIES: N_("Between entries"),
    Group.CONTENT: N_("Content"),
    Group.CALENDAR: N_("The calendar as a whole"),
    Group.LINKS: N_("Links (`--links`)"),
    Group.CHECKING: N_("Switching rules off"),
    Group.PLATFORM: N_("What platforms refuse"),
}


def list_all(rules: Iterable[Rule], *, as_json: bool) -> None:
    """All rules, by group."""
    rules = list(rules)
    if as_json:
        emit({"rules": [_as_json(rule) for rule in rules]})
        return
    headings = (_("code"), _("severity"), _("what it means"), _("may be switched off"))
    for group, title in GROUPS.items():
        rows = [
            (rule.code, _(SEVERITIES[rule.severity]), escape(_(rule.meaning)), _may(rule))
            for rule in rules
            if rule.group is group
        ]
        screen.print(table(_(title), headings, rows))


def explain(rule: Rule, *, as_json: bool) -> None:
    """One rule with its ground and an example."""
    if as_json:
        emit(_as_json(rule))
        return
    screen.print(f"[bold]{rule.code}[/] ({_(SEVERITIES[rule.severity])})")
    screen.print(escape(_(rule.meaning)))
    if rule.why:
        screen.print(escape(_(rule.why)))
    if rule.law:
        screen.print(escape(_("Ground: {law}").format(law=rule.law)))
    for title, lines in ((_("Wrong:"), rule.wrong), (_("Right:"), rule.right)):
        if lines:
            screen.print(title)
            screen.print("\n".join(f"    {line}" for line in lines.split("\n")), markup=False)
    screen.print(_may_in_words(rule), markup=False)
    screen.print(f"{PAGES}/{rule.page}", markup=False)


def _may(rule: Rule) -> str:
    return _("yes, with a reason") if _can_be_off(rule) else _("no")


def _can_be_off(rule: Rule) -> bool:
    return rule.may_ignore and rule.group is not Group.CHECKING


def _may_in_words(rule: Rule) -> str:
    if not _can_be_off(rule):
        return _("It cannot be switched off.")
    text = _("It may be switched off for a post with a reason: ignore: {{{code}: …}}")
    return text.format(code=rule.code)


def _as_json(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "group": rule.group.value,
        "severity": rule.severity.value,
        "meaning": _(rule.meaning),
        "why": _(rule.why) if rule.why else "",
        "law": rule.law,
        "source": rule.source,
        "wrong": rule.wrong,
        "right": rule.right,
        "may_ignore": _can_be_off(rule),
        "page": f"{PAGES}/{rule.page}",
    }
