"""The fixed shapes of what programs read: `--format json`, the API and webhooks have these.

They may grow; nothing in them changes. Moments are in the office's zone, with their offset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.authorisation import Authorisation
from bot.domain.papers import Paper, verified_until
from bot.domain.publication import Publication, State
from bot.domain.review import Approval
from bot.domain.review_diff import FieldDiff
from bot.domain.roster import Account
from bot.domain.tasks import Task
from bot.domain.words import owner, trouble
from bot.engine.reviewing import Case
from bot.ledger.roster import Health

Json = dict[str, Any]


def iso(moment: datetime | None, zone: ZoneInfo) -> str | None:
    """The moment in the office's zone with its offset."""
    return None if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")


def publication(pub: Publication, zone: ZoneInfo) -> Json:
    """One publication."""
    return {
        "id": pub.id,
        "post": pub.post,
        "account": pub.account,
        "platform": pub.platform,
        "kind": pub.kind.value,
        "state": pub.state.value,
        "due_at": iso(pub.due_at, zone),
        "published_at": iso(pub.published_at, zone),
        "url": pub.url,
        "error": trouble(pub),
        "owed_by": owner(pub).value,
        "until": iso(until(pub), zone),
    }


def until(pub: Publication) -> datetime | None:
    """When what waits is tried again."""
    return pub.next_at if pub.state is State.WAITING else None


def with_history(pub: Publication, events: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Json:
    """One publication with its events, oldest first."""
    told = [{**event, "at": iso(event["at"], zone)} for event in events]
    return {**publication(pub, zone), "events": told}


def task(one: Task, zone: ZoneInfo) -> Json:
    """One open task."""
    return {
        "id": one.id,
        "kind": one.kind.value,
        "post": one.post,
        "title": one.title,
        "unit": one.unit,
        "account": one.account,
        "platform": one.platform,
        "role": one.role.value,
        "since": iso(one.since, zone),
        "deadline": iso(one.deadline_at, zone),
        "until": iso(one.until, zone),
    }


def account(
    one: Account,
    health: Health,
    authorised: Authorisation | None,
    certified: datetime | None,
    lacks: Sequence[Paper],
    *,
    now: datetime,
    zone: ZoneInfo,
) -> Json:
    """One account and what keeps it from publishing; `lacks` are the papers of all accounts."""
    until_day = verified_until(one, certified)
    return {
        "id": one.id,
        "unit": one.unit,
        "platform": one.platform,
        "name": one.name,
        "status": one.status_at(now).value,
        "paused": health.paused,
        "read_until": iso(health.read_until, zone),
        "read_error": health.read_error,
        "authorisation": authorised
        and {
            "state": authorised.state.value,
            "until": iso(authorised.until, zone),
            "reason": authorised.reason,
            "posts_after": authorised.posts_after,
        },
        "filing": one.filing,
        "verified_until": until_day and until_day.isoformat(),
        "lacks": [paper.lack.value for paper in lacks if paper.account == one.id],
    }


def review(one: Case, zone: ZoneInfo) -> Json:
    """One version under review."""
    return {
        "post": one.post,
        "title": one.title,
        "column": one.column,
        "version": one.content_hash,
        "state": one.state.value,
        "next_level": one.next_level.value if one.next_level else None,
        "since": iso(one.since, zone),
        "planned_at": iso(one.planned_at, zone),
        "deadline_at": iso(one.deadline_at, zone),
        "late": one.late,
        "publications": one.publications,
        "correction": one.correction,
        "last_approved": one.last_approved,
        "changed": list(one.changed),
        "levels": [
            {
                "level": level.level.value,
                "said": level.said.value if level.said else None,
                "by": level.by,
                "deputy_of": level.deputy_of,
                "note": level.note,
                "at": iso(level.at, zone),
            }
            for level in one.levels
        ],
    }


def reviewed(
    found: Case | None, said: Sequence[Approval], changed: Sequence[FieldDiff], zone: ZoneInfo
) -> Json:
    """One post's review: how it stands, all that was said, and what changed since a yes."""
    return {
        "review": review(found, zone) if found else None,
        "said": [_said(one, zone) for one in said],
        "changes": [
            {"field": one.field, "lines": [f"{line.sign} {line.text}" for line in one.lines]}
            for one in changed
        ],
    }


def _said(one: Approval, zone: ZoneInfo) -> Json:
    return {
        "version": one.content_hash,
        "level": one.level.value,
        "said": one.said.value,
        "by": one.by,
        "deputy_of": one.deputy_of,
        "note": one.note,
        "at": iso(one.at, zone),
    }
