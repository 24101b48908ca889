"""A publication's history in words: what happened, and the facts worth knowing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.domain import words
from bot.domain.publication import State
from bot.i18n import N_, _

_EVENTS = {
    "planned": N_("planned"),
    "queued": N_("its turn has come"),
    "prepared": N_("prepared"),
    "granted": N_("sent to the platform"),
    "handed_off": N_("package handed to a person"),
    "look_first": N_("looks first whether it is there already"),
    "given_back": N_("put back, nothing was sent"),
    "published": N_("published"),
    "confirmed": N_("confirmed by a person"),
    "unconfirmed": N_("the confirmation was taken back"),
    "time_read": N_("its time put right by what the platform shows"),
    "pending": N_("the platform reviews it"),
    "looked": N_("looked for it on the platform"),
    "lost": N_("no trustworthy answer"),
    "needs_person": N_("a person must look"),
    "not_there": N_("surely not public"),
    "postponed": N_("postponed"),
    "failed": N_("failed"),
    "missed": N_("missed"),
    "held": N_("held"),
    "released": N_("goes on"),
    "accepted": N_("the unit agreed"),
    "replanned": N_("planned anew"),
    "changed_after_publishing": N_("changed after publishing, not sent again"),
    "taken_down": N_("taken down"),
    "corrected": N_("corrected in place"),
    "called_off": N_("withdrawn while it was being sent"),
    "looked_for_again": N_("looks first whether it is there already"),
    "wish_noted": N_("the calendar wants it otherwise; that counts if it is not public"),
    "cancelled": N_("cancelled"),
    "restored": N_("back in the calendar"),
    "retried": N_("tried again by a person's wish"),
}


def event(name: str) -> str:
    """An event's name in words."""
    bare = name.removeprefix("publication.")
    return _(_EVENTS[bare]) if bare in _EVENTS else bare


def state(code: str) -> str:
    """The state before or after an event in words; "" before the first."""
    return words.state(State(code)) if code else ""


def facts(found: Mapping[str, Any], tell: Callable[[datetime], str]) -> str:
    """An event's facts for a table: reasons, times as `tell` says them, links, people, counts."""
    error = found.get("error") or {}
    told = [
        words.reason(str(error.get("why") or found.get("reason") or found.get("why") or "")),
        words.reason(str(error.get("message", ""))),
        str(found.get("text") or ""),
        *(_due(str(found[key]), tell) for key in ("due_at", "until") if found.get(key)),
        _("by {name}").format(name=found["by"]) if found.get("by") else "",
        _("send no. {count}").format(count=found["commit"]) if found.get("commit") else "",
        _("look no. {count}").format(count=found["finds"]) if found.get("finds") else "",
        str(found.get("package") or found.get("url") or ""),
    ]
    return _("; ").join(dict.fromkeys(part for part in told if part))


def _due(text: str, tell: Callable[[datetime], str]) -> str:
    return _("due {time}").format(time=tell(datetime.fromisoformat(text)))
