"""Checks between the posts of all calendar files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.post import Post
from bot.domain.problem import Problem, Severity
from bot.domain.roster import Roster
from bot.i18n import _
from bot.schedule.posts import Entry


def without_twins(
    entries: Sequence[Entry],
) -> tuple[list[Entry], list[Entry], list[Problem]]:
    """Entries whose id stands once; those that share one, of which none can be kept; problems."""
    first: dict[str, Entry] = {}
    twins: set[str] = set()
    problems: list[Problem] = []
    for entry in entries:
        name = entry.post.id
        if first.setdefault(name, entry) is not entry:
            twins.add(name)
            problems.append(_twin(entry, first[name]))
    kept = [entry for entry in entries if entry.post.id not in twins]
    return kept, [entry for entry in entries if entry.post.id in twins], problems


def _twin(entry: Entry, first: Entry) -> Problem:
    return Problem(
        code="duplicate-post",
        message=_("The id {id} stands twice, first at {place}.").format(
            id=entry.post.id, place=first.where("id")
        ),
        hint=_("Give this post another id; until then neither is planned anew."),
        place=entry.where("id"),
        post=entry.post.id,
    )


def check_embargoes(entries: Sequence[Entry]) -> list[Problem]:
    """Posts that would be due somewhere before they may be told."""
    return [
        _too_early(entry)
        for entry in entries
        if entry.post.embargo_until and entry.post.first_due_at < entry.post.embargo_until
    ]


def _too_early(entry: Entry) -> Problem:
    assert entry.post.embargo_until is not None
    until = entry.post.embargo_until.astimezone(entry.draft.zone)
    return Problem(
        code="before-embargo",
        message=_("{post} is due before its embargo ends at {until}.").format(
            post=entry.post.id, until=f"{until:%Y-%m-%d %H:%M}"
        ),
        hint=_("Move it behind the embargo; nothing of it goes out before, whatever anybody does."),
        place=entry.where("embargo"),
        post=entry.post.id,
    )


def check_keys(entries: Sequence[Entry], roster: Roster) -> list[Problem]:
    """What is wrong with the key items, each for itself and between them."""
    keys = [entry for entry in entries if entry.post.key is not None]
    keys.sort(key=lambda entry: (entry.post.due_at, entry.post.id))
    problems = [_no_flagship(entry) for entry in keys if not _on_flagship(entry.post, roster)]
    for index, entry in enumerate(keys):
        open_still = [e.post for e in keys[:index] if _closes_at(e.post) > entry.post.due_at]
        if open_still:
            problems.append(_overlap(entry, open_still))
    return problems


def _closes_at(post: Post) -> datetime:
    assert post.key is not None
    return post.due_at + post.key.deadline


def _on_flagship(post: Post, roster: Roster) -> bool:
    return any(roster.accounts[account].flagship for account in post.accounts)


def _no_flagship(entry: Entry) -> Problem:
    return Problem(
        code="key-without-flagship",
        message=_("{post} is a key item and none of its accounts is a flagship.").format(
            post=entry.post.id
        ),
        hint=_("Add a flagship account to its accounts: reprints follow the flagship's release."),
        place=entry.where("key"),
        post=entry.post.id,
    )


def _overlap(entry: Entry, others: Sequence[Post]) -> Problem:
    return Problem(
        code="key-deadlines-overlap",
        message=_("{post} is released while units still reprint {others}.").format(
            post=entry.post.id, others=", ".join(post.id for post in others)
        ),
        hint=_("Move one of them, or make sure the units can carry both in time."),
        severity=Severity.WARNING,
        place=entry.where("key"),
        post=entry.post.id,
    )
