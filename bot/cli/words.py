"""The fixed words of the ledger as people read them."""

from __future__ import annotations

from bot.domain.publication import Hold, Publication, Role, State, owed_by
from bot.i18n import N_, _

_STATES = {
    State.PLANNED: (N_("planned"), "white"),
    State.HELD: (N_("held"), "yellow"),
    State.QUEUED: (N_("queued"), "cyan"),
    State.SENDING: (N_("sending"), "cyan"),
    State.UNKNOWN: (N_("outcome unknown"), "red"),
    State.PENDING: (N_("in review"), "cyan"),
    State.WAITING: (N_("waiting"), "yellow"),
    State.HANDED_OFF: (N_("handed off"), "magenta"),
    State.PUBLISHED: (N_("published"), "green"),
    State.FAILED: (N_("failed"), "red"),
    State.MISSED: (N_("missed"), "red"),
    State.CANCELLED: (N_("cancelled"), "bright_black"),
}

_ROLES = {
    Role.CLOCK: N_("nobody yet: waits for its time"),
    Role.BOT: N_("the bot"),
    Role.PLATFORM: N_("the platform"),
    Role.OFFICER: N_("publicity officer"),
    Role.AUTHOR: N_("author"),
    Role.REVIEWER: N_("reviewer"),
    Role.LIAISON: N_("unit liaison"),
    Role.ADMINISTRATOR: N_("account administrator"),
    Role.NOBODY: "",
}

_REASONS = {
    Hold.FIRST_RELEASE.value: N_("the flagship's own post is not public yet"),
    Hold.ACCEPTANCE.value: N_("the unit has not agreed yet"),
    Hold.CHECK.value: N_("`bot check` finds an error in it"),
    Hold.REVIEW.value: N_("a review is missing"),
    Hold.PAUSED.value: N_("the account's authorisation failed"),
    Hold.REGISTRY.value: N_("the account is not registered, not active, or its name differs"),
    Hold.FROZEN.value: N_("a freeze is on"),
    "quota": N_("the platform's quota is used up"),
    "unavailable": N_("the platform cannot be reached"),
    "not_published": N_("it surely did not go out and is tried again"),
    "window_passed": N_("its window passed"),
    "rejected": N_("the platform refused it"),
    "contract_broken": N_("the platform answered in an unknown way"),
    "internal_error": N_("an error inside the program"),
    "too_many_commits": N_("it was tried too often"),
    "platform_cannot_tell": N_("the platform cannot tell whether it went out"),
    "no_answer_in_time": N_("the platform gave no answer in time"),
    "removed": N_("removed from the calendar"),
    "withdrawn": N_("withdrawn"),
    "declined": N_("the unit declined"),
    "carried_by_hand": N_("the unit had carried it by hand already"),
}


def state(value: State) -> str:
    """A state in words, as rich markup."""
    word, colour = _STATES[value]
    return f"[{colour}]{_(word)}[/]"


def role(value: Role) -> str:
    """A role in words."""
    return _(_ROLES[value]) if _ROLES[value] else ""


def reason(value: str) -> str:
    """A reason in words; a person's own words are shown as they are."""
    return _(_REASONS[value]) if value in _REASONS else value


def owner(pub: Publication) -> Role:
    """Who owes the next move."""
    return owed_by(pub.state, pub.reason, pub.next_at)


def trouble(pub: Publication) -> str:
    """Why it stands where it stands, in one line; "" when there is nothing to say."""
    parts = [reason(pub.reason)] if pub.reason else []
    message = str(pub.error.get("message", "")) if pub.state is not State.PUBLISHED else ""
    if message and message not in {"quota", "worker_died"}:
        parts.append(message)
    if advice := pub.error.get("advice"):
        parts.append(str(advice))
    if pub.changed_hash:
        parts.append(_("the calendar was changed after it went out; it was not sent again"))
    return _("; ").join(dict.fromkeys(parts))
