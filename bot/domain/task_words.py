"""Tasks and answers as people read them."""

from __future__ import annotations

from bot.domain.tasks import Said, TaskKind
from bot.i18n import N_, _

_TASKS = {
    TaskKind.ACCEPT: N_("decide on a reprint"),
    TaskKind.HAND_OFF: N_("publish by hand and report the link"),
    TaskKind.LOOK: N_("look whether it went out"),
    TaskKind.CORRECT: N_("correct what was published"),
    TaskKind.WITHDRAW: N_("take down what was published"),
}
_SAID = {
    Said.AGREED: N_("agreed to the reprint"),
    Said.DECLINED: N_("declined the reprint"),
    Said.REPORTED: N_("reported as published"),
    Said.DONE: N_("reported as done"),
}


def task(kind: TaskKind) -> str:
    """What is asked for, in a few words."""
    return _(_TASKS[kind])


def said(word: str) -> str:
    """What was answered; a word of a later version as it is."""
    return _(_SAID[Said(word)]) if word in {each.value for each in Said} else word
