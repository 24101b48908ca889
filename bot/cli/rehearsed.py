"""What a rehearsal came to, as `bot rehearse` tells it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from rich.markup import escape

from bot.cli.output import iso, local, screen, table
from bot.domain import words
from bot.domain.coverage import CellState
from bot.domain.post import Kind
from bot.domain.publication import Publication
from bot.domain.quota import Period
from bot.domain.roster import Roster
from bot.i18n import N_, _
from bot.rehearsal.report import BY_HAND, KeyItemRow, Lack, Report, Trouble, TroubleKind
from bot.settings import Settings

_KINDS = {
    TroubleKind.LATE: (N_("late"), "yellow"),
    TroubleKind.REFUSED: (N_("refused"), "red"),
    TroubleKind.HELD: (N_("held by the check"), "red"),
    TroubleKind.MISSED: (N_("missed"), "red"),
    TroubleKind.OPEN: (N_("not settled"), "magenta"),
}


def as_json(found: Report, settings: Settings) -> dict[str, Any]:
    """The fixed shape of `bot rehearse --format json`."""
    zone = settings.zone
    return {
        "calendar": found.score.name,
        "from": iso(found.score.start, zone),
        "to": iso(found.until, zone),
        "as_planned": found.as_planned,
        "publications": found.planned,
        "went_out": len(found.went_out),
        "already_public": found.already,
        "past_posts": found.score.past,
        "by_hand_instead": list(found.score.stood_in),
        "unread_files": list(found.unread),
        "days": [
            {"day": day, "went_out": [_out_json(pub, zone) for pub in pubs]}
            for day, pubs in _days(found, zone)
        ],
        "troubles": [_trouble_json(one, zone) for one in found.troubles],
        "over_quota": [
            {
                "post": one.post,
                "account": one.account,
                "asked_at": iso(one.asked_at, zone),
                "until": iso(one.until, zone),
                "came_at": iso(one.came_at, zone),
                "by_platform": one.by_platform,
            }
            for one in found.postponed
        ],
        "key_items": [_item_json(row, zone) for row in found.key_items],
        "silent": [
            {
                "account": gap.account,
                "unit": gap.unit,
                "days": gap.max_gap_days,
                "limit": gap.limits.fail_days,
                "last_post": iso(gap.last_post_at, zone),
            }
            for gap in found.silent
        ],
        "quotas": [
            {
                "account": one.account,
                "quota": one.budget.name,
                "from": iso(one.start, zone),
                "limit": one.budget.limit,
                "used": one.used,
                "left": one.left,
            }
            for one in found.quotas
        ],
        "problems": [problem.as_json() for problem in found.score.problems],
    }


def _out_json(pub: Publication, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "at": iso(pub.published_at, zone),
        "post": pub.post,
        "account": pub.account,
        "kind": pub.kind.value,
        "by_hand": not pub.commits,
    }


def _trouble_json(one: Trouble, zone: ZoneInfo) -> dict[str, Any]:
    said = {key: str(one.error.get(key, "")) for key in ("code", "message", "advice")}
    return {
        "kind": one.kind.value,
        "post": one.pub.post,
        "account": one.pub.account,
        "platform": one.pub.platform,
        "planned_at": iso(one.pub.due_at, zone),
        "actual_at": iso(one.pub.published_at, zone),
        "reason": one.reason,
        **said,
        "problems": list(one.problems),
    }


def _item_json(row: KeyItemRow, zone: ZoneInfo) -> dict[str, Any]:
    item = row.item
    return {
        "id": item.post,
        "title": item.title,
        "deadline": iso(item.deadline_at, zone),
        "first_release": iso(item.released_at, zone),
        "required": item.required,
        "exempt": item.exempt,
        "on_time": item.on_time,
        "late": item.late,
        "lacking": [
            {
                "unit": lack.unit,
                "state": "late" if lack.state is CellState.LATE else "missing",
                "accounts": [{"account": name, "why": why} for name, why in lack.accounts],
            }
            for lack in row.lacks
            if lack.accounts
        ],
        "no_account": [lack.unit for lack in row.lacks if not lack.accounts],
    }


def _days(found: Report, zone: ZoneInfo) -> list[tuple[str, list[Publication]]]:
    def day(pub: Publication) -> str:
        assert pub.published_at is not None
        return f"{pub.published_at.astimezone(zone):%Y-%m-%d}"

    return [(name, list(pubs)) for name, pubs in groupby(found.went_out, key=day)]


def show(found: Report, settings: Settings) -> None:
    """Prints what goes out day by day, then all that does not go as planned, then one sentence."""
    zone, members = settings.zone, found.score.reading.roster
    _show_days(found, zone)
    _show_troubles(found.troubles, zone)
    _show_postponed(found, zone)
    _show_key_items(found.key_items, members, zone)
    _show_silent(found, members, zone)
    _show_quotas(found, zone)
    _show_left_out(found)
    screen.print(_sentence(found))


def _show_days(found: Report, zone: ZoneInfo) -> None:
    rows = [
        (
            day,
            str(len({pub.post for pub in pubs})),
            str(len(pubs)),
            str(sum(1 for pub in pubs if pub.kind is Kind.REPRINT)),
            str(sum(1 for pub in pubs if not pub.commits)),
        )
        for day, pubs in _days(found, zone)
    ]
    headings = (_("day"), _("posts"), _("publications"), _("reprints"), _("by hand"))
    title = _("Rehearsal of {name}: what goes out").format(name=found.score.name)
    screen.print(table(escape(title), headings, rows))


def _show_troubles(troubles: Sequence[Trouble], zone: ZoneInfo) -> None:
    """One row for a post's accounts that fare alike."""
    alike: dict[tuple[str, ...], list[Publication]] = {}
    for one in troubles:
        word, colour = _KINDS[one.kind]
        key = (
            f"[{colour}]{_(word)}[/]",
            escape(one.pub.post),
            words.platform(one.pub.platform),
            local(one.pub.published_at, zone) or "—",
            escape(_why(one)),
        )
        alike.setdefault(key, []).append(one.pub)
    if not alike:
        return
    headings = (
        _("planned for"),
        _("trouble"),
        _("post"),
        _("platform"),
        _("comes"),
        _("why"),
        _("accounts"),
    )
    rows = [
        (local(pubs[0].due_at, zone), *key, escape(_(", ").join(pub.account for pub in pubs)))
        for key, pubs in alike.items()
    ]
    screen.print(table(_("What does not go out as planned"), headings, rows))


def _why(one: Trouble) -> str:
    if one.problems:
        return _(", ").join(one.problems)
    if one.kind is TroubleKind.LATE:
        return _("by hand") if one.reason == BY_HAND else words.reason(one.reason)
    said = words.trouble(one.pub) or words.reason(one.reason)
    code = str(one.error.get("code", ""))
    return _("{code}: {text}").format(code=code, text=said) if code else said


def _show_postponed(found: Report, zone: ZoneInfo) -> None:
    rows = [
        (
            local(one.asked_at, zone),
            escape(one.account),
            escape(one.post),
            local(one.until, zone),
            local(one.came_at, zone) or _("never"),
        )
        for one in found.postponed
    ]
    if rows:
        headings = (_("when"), _("account"), _("post"), _("waits until"), _("comes"))
        screen.print(table(_("Over quota"), headings, rows))


def _show_key_items(items: Sequence[KeyItemRow], members: Roster, zone: ZoneInfo) -> None:
    if not items:
        return
    headings = (
        _("key item"),
        _("first release"),
        _("deadline"),
        _("required"),
        _("exempt"),
        _("on time"),
        _("late"),
        _("missing"),
    )
    rows = [
        (
            escape(row.item.title),
            local(row.item.released_at, zone) or "—",
            local(row.item.deadline_at, zone),
            str(row.item.required),
            str(row.item.exempt),
            str(row.item.on_time),
            str(row.item.late),
            str(row.item.required - row.item.on_time - row.item.late),
        )
        for row in items
    ]
    screen.print(table(_("Coverage of key items"), headings, rows))
    for row in items:
        for lack in row.lacks:
            screen.print(f"  {escape(row.item.post)}: {_lack(lack, members)}")


def _lack(lack: Lack, members: Roster) -> str:
    unit = escape(members.units[lack.unit].short)
    if not lack.accounts:
        return _("[red]{unit} has no account that suits it[/]").format(unit=unit)
    named = _(", ").join(
        f"{name} ({words.reason(why)})" if why else name for name, why in lack.accounts
    )
    if lack.state is CellState.LATE:
        return _("[yellow]{unit} is late[/]: {accounts}").format(unit=unit, accounts=escape(named))
    return _("[red]{unit} does not carry it[/]: {accounts}").format(
        unit=unit, accounts=escape(named)
    )


def _show_silent(found: Report, members: Roster, zone: ZoneInfo) -> None:
    rows = [
        (
            escape(gap.account),
            escape(members.units[gap.unit].short),
            str(gap.max_gap_days or gap.gap_days or ""),
            str(gap.limits.fail_days),
            local(gap.last_post_at, zone) or "—",
        )
        for gap in found.silent
    ]
    if rows:
        title = _("Accounts this calendar leaves silent for too long")
        headings = (_("account"), _("unit"), _("longest gap"), _("allowed"), _("last post"))
        screen.print(table(title, headings, rows))


def _show_quotas(found: Report, zone: ZoneInfo) -> None:
    """Those of a month, and those a post had to wait for."""
    waited = {one.account for one in found.postponed}
    rows = [
        (
            escape(one.account),
            words.quota(one.budget.action, one.budget.period, one.budget.limit),
            local(one.start, zone),
            str(one.used),
            str(one.left),
        )
        for one in found.quotas
        if one.used and (one.budget.period is Period.MONTH or one.account in waited)
    ]
    if rows:
        headings = (_("account"), _("quota"), _("period from"), _("used"), _("left"))
        screen.print(table(_("Quotas where they were used most"), headings, rows))


def _show_left_out(found: Report) -> None:
    if found.already:
        screen.print(_("{n} publications were public before.").format(n=found.already))
    if found.score.past:
        screen.print(_("{n} posts are left out: their time is over.").format(n=found.score.past))
    if found.score.stood_in:
        names = escape(_(", ").join(found.score.stood_in))
        screen.print(
            _("Played by hand, as their platform has no simulator: {names}").format(names=names)
        )
    if found.score.problems or found.unread:
        screen.print(
            _("[red]`bot check` finds {n} errors in it.[/]").format(n=len(found.score.problems))
        )


def _sentence(found: Report) -> str:
    if found.as_planned:
        return _("[green]All {n} publications go out as planned.[/]").format(n=found.planned)
    faults = []
    if found.troubles:
        message = _("{bad} of {n} publications do not go out as planned")
        faults.append(message.format(bad=len(found.troubles), n=found.planned))
    if cells := sum(len(row.lacks) for row in found.key_items):
        message = _("in {n} cases a unit does not carry a key item in time")
        faults.append(message.format(n=cells))
    if found.unread:
        message = _("{files} could not be read whole")
        faults.append(message.format(files=_(", ").join(found.unread)))
    told = escape(_("; ").join(faults))
    return _("[red]{faults}.[/] Mend what is listed above and rehearse again.").format(faults=told)
