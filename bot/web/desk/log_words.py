"""Entries of the log as people read them: names, titles and words instead of keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain import account_words, audit_words, desk_words, review_words, task_words
from bot.domain.people import DeskRole
from bot.domain.review import Level
from bot.domain.roster import Roster
from bot.domain.tasks import TaskKind
from bot.engine.keys import SCOPES
from bot.engine.webhooks import in_words
from bot.i18n import _
from bot.ledger import people, posts
from bot.ledger.audit import Entry
from bot.ledger.connection import Connection
from bot.schedule.headings import heading_of

_OF_POSTS = ("post", "review", "item", "match", "publication")
_OF_PEOPLE = ("person", "deputy", "login")
_BY_ITSELF = frozenset({"webhook.gone"})
_TOKEN = "token "  # noqa: S105 - how the name of a program that calls begins


@dataclass(frozen=True, kw_only=True)
class Line:
    """An entry in words."""

    at: datetime
    by: str
    action: str
    subject: str
    facts: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Known:
    """The names behind the keys of some entries."""

    people: Mapping[str, str]  # login → name
    titles: Mapping[str, str]  # post → title
    members: Roster

    def line(self, entry: Entry) -> Line:
        """The entry in words."""
        return Line(
            at=entry.at,
            by=self._by(entry),
            action=audit_words.action(entry.action),
            subject=self._subject(entry),
            facts=self._facts(entry),
            address=entry.address,
        )

    def _by(self, entry: Entry) -> str:
        if entry.by.startswith(_TOKEN):
            return _("token {name}").format(name=entry.by.removeprefix(_TOKEN))
        return self._person(entry.by) or (_("the system") if entry.action in _BY_ITSELF else "")

    def _person(self, login: str) -> str:
        return _with_key(self.people.get(login, ""), login)

    def _subject(self, entry: Entry) -> str:
        group, subject = entry.action.partition(".")[0], entry.subject
        if group in _OF_POSTS:
            post, _at, account = subject.partition("@")
            return _(", ").join(filter(None, (self._post(post), self._account(account))))
        if group == "task":
            return _task(subject)
        if group in _OF_PEOPLE:
            return self._person(subject)
        return self._account(subject) if group in {"account", "difference"} else subject

    def _post(self, post: str) -> str:
        return _with_key(self.titles.get(post, ""), post)

    def _account(self, account: str) -> str:
        known = self.members.accounts.get(account)
        return _with_key(known.name if known else "", account)

    def _unit(self, unit: str) -> str:
        known = self.members.units.get(unit)
        return known.short if known else unit

    def _facts(self, entry: Entry) -> str:
        told = (
            _("{name}: {value}").format(name=audit_words.fact(name), value=self._said(name, value))
            for name, value in entry.facts.items()
            if value not in ("", [], None) and audit_words.fact(name)
        )
        return _("; ").join(told)

    def _said(self, name: str, value: object) -> str:
        each = value if isinstance(value, list) else [value]
        say = self._sayings().get(name, str)
        return _(", ").join(say(str(one)) for one in each)

    def _sayings(self) -> Mapping[str, Callable[[str], str]]:
        return {
            "account": self._account,
            "deputy": self._person,
            "events": in_words,
            "field": account_words.field,
            "fields": lambda name: heading_of(name.split(".")),
            "level": _level,
            "levels": _level,
            "post": self._post,
            "reviewer": self._person,
            "roles": _role,
            "said": task_words.said,
            "scopes": _scope,
            "unit": self._unit,
            "units": self._unit,
        }


async def known_of(conn: Connection, members: Roster, entries: Sequence[Entry]) -> Known:
    """The names that these entries need."""
    ids = {one.subject.partition("@")[0] for one in entries}
    ids |= {str(one.facts["post"]) for one in entries if "post" in one.facts}
    found = await posts.some_posts(conn, ids)
    return Known(
        people={one.login: one.name for one in await people.everybody(conn)},
        titles={name: one.title for name, one in found.items()},
        members=members,
    )


def _with_key(name: str, key: str) -> str:
    return _("{name} ({key})").format(name=name, key=key) if name and name != key else key


def _task(name: str) -> str:
    kind = name.rpartition("-")[0]
    known = {one.value for one in TaskKind}
    return _with_key(task_words.task(TaskKind(kind)) if kind in known else "", name)


def _level(value: str) -> str:
    known = {one.value for one in Level}
    return review_words.level(Level(value)) if value in known else value


def _role(value: str) -> str:
    return desk_words.role(value) if value in {one.value for one in DeskRole} else value


def _scope(value: str) -> str:
    known = {one.value: one for one in SCOPES}
    return desk_words.scope(known[value]) if value in known else value
