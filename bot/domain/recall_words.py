"""The fixed words of recalls as people read them."""

from __future__ import annotations

from bot.domain.recall import How, RecallKind, RecallStep, StepState
from bot.i18n import N_, _

_KINDS = {
    RecallKind.WITHDRAW: N_("withdrawal"),
    RecallKind.CORRECT: N_("correction"),
}
_STATES = {
    StepState.OPEN: N_("still to be done"),
    StepState.DOING: N_("the platform said yes; being looked at"),
    StepState.DONE: N_("done"),
    StepState.FAILED: N_("cannot be done"),
    StepState.NEEDLESS: N_("not needed"),
}
_WORDS = {
    "ordered": N_("ordered"),
    "called_off": N_("called off before it was sent"),
    "same_form": N_("this account shows the same in both versions"),
    "shows_the_original": N_("a repost: it shows whatever the original shows"),
    "turned_out_public": N_("it turned out to be public"),
    "asked_person": N_("the unit's liaison is asked"),
    "seen_gone": N_("the account was read: it is gone"),
    "never_public": N_("it never became public"),
    "seen_corrected": N_("the account was read: it shows the corrected version"),
    "gone": N_("it had been taken down already"),
    "seen_again": N_("the account was read: it is there again"),
    "superseded": N_("a later order took its place"),
    "taken_down": N_("the platform took it down"),
    "corrected": N_("the platform changed it in place"),
    "put_off": N_("not possible now, tried again later"),
    "still_there": N_("it still shows; the platform is asked again"),
    "platform_says_so": N_("gone by the platform's word; no reading can tell"),
    "said_done": N_("a person said that it is done"),
    "cannot": N_("a person said that it cannot be done"),
    "may_be_public": N_("whether it is public is not known; look at the account"),
}


def kind(value: RecallKind) -> str:
    """What was ordered."""
    return _(_KINDS[value])


def state(step: RecallStep) -> str:
    """Where a step stands, and whose move it is."""
    if step.state is StepState.OPEN and step.how is How.TASK:
        return _("the unit must do it by hand")
    if step.state is StepState.OPEN and step.next_at is None:
        return _("waits until it is known whether it went out")
    return _(_STATES[step.state])


def word(code: str) -> str:
    """An event, or why a step is over; "" stays ""."""
    return _(_WORDS[code]) if code in _WORDS else code
