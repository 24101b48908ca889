"""What a transition is made of; bot/domain/transitions.py has one function for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.domain.post import Kind, Method
from bot.domain.publication import Hold, Publication, State


@dataclass(frozen=True, kw_only=True)
class Further:
    """A further article of one push: an item of its own, of the same publication's push."""

    platform_id: str
    url: str
    title: str


@dataclass(frozen=True, kw_only=True)
class PublishedAs:
    """What became public, to be entered among the account's items in the same transaction."""

    platform_id: str
    url: str
    published_at: datetime
    push_id: str = ""
    notified: bool = False
    by_bot: bool = True
    more: tuple[Further, ...] = ()
    ref: Mapping[str, str] = field(default_factory=dict)  # what else the platform calls it


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the calendar and the roster ask of a publication."""

    due_at: datetime
    not_after: datetime
    content_hash: str
    kind: Kind
    method: Method
    by_hand: bool
    needs_acceptance: bool
    offset_s: int
    not_before: datetime | None = None  # 禁发时限

    def columns(self) -> dict[str, object]:
        """As the ledger keeps them."""
        return {
            "due_at": self.due_at,
            "not_after": self.not_after,
            "content_hash": self.content_hash,
            "kind": self.kind.value,
            "method": self.method.value,
            "by_hand": self.by_hand,
            "needs_acceptance": self.needs_acceptance,
            "offset_s": self.offset_s,
            "not_before": self.not_before,
        }

    def note(self, *, blocked: bool) -> dict[str, object]:
        """As plain data, for a row that cannot be changed yet; `terms_of` reads it."""
        moments = {
            "due_at": self.due_at,
            "not_after": self.not_after,
            "not_before": self.not_before,
        }
        plain = {
            name: moment and moment.astimezone(UTC).isoformat() for name, moment in moments.items()
        }
        return {**self.columns(), **plain, "blocked": blocked}


def terms_of(note: Mapping[str, object]) -> Terms:
    """The terms a note was made of."""
    values = {name: note[name] for name in Terms.__dataclass_fields__}
    embargo = note["not_before"]
    return Terms(
        **{
            **values,
            "due_at": datetime.fromisoformat(str(note["due_at"])),
            "not_after": datetime.fromisoformat(str(note["not_after"])),
            "not_before": datetime.fromisoformat(str(embargo)) if embargo else None,
            "kind": Kind(str(note["kind"])),
            "method": Method(str(note["method"])),
        }  # type: ignore[arg-type]
    )


def with_window(note: Mapping[str, object], now: datetime, window: timedelta) -> dict[str, object]:
    """The note with at least `window` left from when it may go."""
    terms = terms_of(note)
    go_at = max(now, terms.due_at, terms.not_before or now)
    wider = replace(terms, not_after=max(terms.not_after, go_at + window))
    return wider.note(blocked=bool(note["blocked"]))


def blocked_note(pub: Publication) -> dict[str, object]:
    """What a retry must heed of a publication that is held for an error; {} of any other.

    Its row forgets why it was held when its window passes or somebody calls it off.
    """
    if pub.state is not State.HELD or pub.reason != Hold.CHECK:
        return {}
    return own_terms(pub).note(blocked=True)


def own_terms(pub: Publication) -> Terms:
    """The terms its row has."""
    return Terms(**{name: getattr(pub, name) for name in Terms.__dataclass_fields__})


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """That a person takes over what the platform refused to the bot."""

    why: str  # fixed word, e.g. "not_whitelisted"
    wanted: Mapping[str, object]  # the terms, as a note
    now: datetime


def by_hand(pub: Publication, why: str, now: datetime) -> ByHand:
    """What the calendar wants of it by now, by a person's hand."""
    terms = terms_of(pub.wanted) if pub.wanted else own_terms(pub)
    blocked = bool(pub.wanted.get("blocked"))
    return ByHand(why=why, wanted=replace(terms, by_hand=True).note(blocked=blocked), now=now)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One transition: from which states, to which, with which columns and event facts."""

    name: str  # fixed word of the event, e.g. "publication.granted"
    sources: frozenset[State]
    to: State | None  # None: the state stays what it is
    changes: Mapping[str, object] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    published: PublishedAs | None = None


_KEEP = object()


def made(
    name: str,
    sources: frozenset[State],
    to: State | None,
    *,
    next_at: datetime | object | None = _KEEP,
    facts: Mapping[str, object] | None = None,
    published: PublishedAs | None = None,
    more: Mapping[str, object] | None = None,
    **changes: object,
) -> Step:
    """A step; columns nobody names stay as they are, `next_at` too."""
    changes = {**(more or {}), **changes}
    if to is not None:
        # A lease and a reason belong to one state; entering another one ends both.
        changes = {"reason": "", "lease": None, **changes}
    if next_at is not _KEEP:
        changes["next_at"] = next_at
    return Step(
        name=f"publication.{name}",
        sources=sources,
        to=to,
        changes=changes,
        facts=facts or {},
        published=published,
    )


def told_by(receipt: PublishedAs) -> dict[str, object]:
    """What an event says of how a publication is public, so that it can be told again."""
    return {
        "url": receipt.url,
        "platform_id": receipt.platform_id,
        "published_at": receipt.published_at.isoformat(),
    }


def read_time(receipt: PublishedAs) -> Step:
    """published: a person said when it became public, and the platform tells it otherwise."""
    return made(
        "time_read",
        frozenset({State.PUBLISHED}),
        None,
        facts=told_by(receipt),
        platform_id=receipt.platform_id,
        published_at=receipt.published_at,
    )
