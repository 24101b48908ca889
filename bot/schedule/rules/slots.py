"""Between the posts of one account: two in one slot, and the same content twice."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from bot.domain.post import Post
from bot.domain.problem import Problem, Severity
from bot.i18n import _
from bot.schedule.posts import Entry

SAME_CONTENT: Final = timedelta(days=30)
_ENOUGH: Final = 10  # characters; shorter texts may well be the same
_NOT_TEXT: Final = re.compile(r"[\W_]+")


def by_account(entries: Sequence[Entry]) -> Mapping[str, Sequence[tuple[datetime, Entry]]]:
    """The entries of each account with their times there, in that order."""
    found: dict[str, list[tuple[datetime, Entry]]] = defaultdict(list)
    for entry in entries:
        post = entry.post
        for account in post.accounts:
            late = post.delays.get(account)
            found[account].append((post.due_at + late if late else post.due_at, entry))
    for mine in found.values():
        mine.sort(key=lambda one: (one[0], one[1].post.id))
    return found


def same_slot(
    accounts: Mapping[str, Sequence[tuple[datetime, Entry]]], slot: timedelta
) -> Iterator[Problem]:
    """Posts that follow another on their account within `slot`; each pair told once."""
    if not slot:
        return
    near: dict[tuple[str, str], tuple[timedelta, Entry, list[str]]] = {}
    for account, entries in accounts.items():
        for (due, first), (later, second) in pairwise(entries):
            if later - due < slot:
                pair = (first.post.id, second.post.id)
                near.setdefault(pair, (later - due, second, []))[2].append(account)
    for (other, _name), (gap, second, names) in near.items():
        yield Problem(
            code="same-slot",
            message=_("{post} comes {minutes} minutes after {other} on {accounts}.").format(
                post=second.post.id,
                minutes=gap // timedelta(minutes=1),
                other=other,
                accounts=", ".join(names),
            ),
            hint=_("Move one of them, or join them in one push."),
            severity=Severity.WARNING,
            place=second.where("at"),
            post=second.post.id,
        )


def same_content(entries: Sequence[Entry]) -> Iterator[Problem]:
    """Posts whose title or text the same account is to publish within 30 days."""
    last: dict[tuple[str, str, str], Post] = {}
    for entry in sorted(entries, key=lambda one: (one.post.due_at, one.post.id)):
        post = entry.post
        told = False
        for name, text in _said(post):
            for account in post.accounts:
                before = last.get((account, name, text))
                last[account, name, text] = post
                if before is None or told or post.due_at - before.due_at > SAME_CONTENT:
                    continue
                told = True
                yield _twice(entry, name, before, account)


def _said(post: Post) -> Iterator[tuple[str, str]]:
    """Title and content as they are compared."""
    yield "title", _bare(post.title)
    for name, text in (("body", post.body), ("text", post.text)):
        bare = _bare(text)
        if len(bare) >= _ENOUGH:
            yield name, bare


def _bare(text: str) -> str:
    return _NOT_TEXT.sub("", text).lower() if text else ""


def _twice(entry: Entry, name: str, before: Post, account: str) -> Problem:
    return Problem(
        code="same-content",
        message=_("{account} has the same {field} in {other} already ({day}).").format(
            account=account, field=name, other=before.id, day=f"{before.due_at:%Y-%m-%d}"
        ),
        hint=_("Give it another angle, or take one of them out."),
        severity=Severity.WARNING,
        place=entry.where(name),
        post=entry.post.id,
    )
