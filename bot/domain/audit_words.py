"""What people do at the desk, in words, for the log."""

from __future__ import annotations

from collections.abc import Mapping

from bot.i18n import N_, _

_ACTIONS: Mapping[str, str] = {
    "login": N_("logged in"),
    "login.refused": N_("was refused at the login"),
    "login.held": N_("was held back at the login: this name"),
    "address.held": N_("was held back at the login: this address"),
    "logout": N_("logged out"),
    "password.set": N_("set a password"),
    "person.added": N_("entered a person"),
    "person.changed": N_("changed a person"),
    "person.ended": N_("kept a person out"),
    "person.restored": N_("let a person in again"),
    "person.invited": N_("made a link for a password"),
    "review.approved": N_("approved in review"),
    "review.refused": N_("refused in review"),
    "deputy.named": N_("named a deputy"),
    "deputy.ended": N_("ended a deputy's time"),
    "token.made": N_("made a token"),
    "token.ended": N_("ended a token"),
    "webhook.made": N_("entered a webhook"),
    "webhook.ended": N_("ended a webhook"),
    "webhook.gone": N_("a webhook was ended because its receiver wants nothing more"),
    "webhook.again": N_("had a webhook told again"),
    "freeze.begun": N_("froze the matrix"),
    "freeze.ended": N_("ended the freeze"),
    "task.answered": N_("answered a task"),
    "task.link": N_("made a link for a task"),
    "publication.unconfirm": N_("took back a report of publication"),
    "item.exempted": N_("exempted a unit"),
    "item.required": N_("ended an exemption"),
    "item.reminded": N_("had units reminded"),
    "match.confirmed": N_("confirmed a reprint"),
    "match.refused": N_("refused a reprint"),
    "account.resumed": N_("let an account publish again"),
    "account.invited": N_("made a link to connect an account"),
    "account.connected": N_("connected an account"),
    "account.credential": N_("entered an account's credential"),
    "account.compared": N_("asked a platform about an account"),
    "difference.taken": N_("took a difference into the roster"),
    "difference.refused": N_("kept the roster against a platform"),
}


def action(word: str) -> str:
    """The action in words; itself where there are none."""
    return _(_ACTIONS[word]) if word in _ACTIONS else word


def actions() -> list[tuple[str, str]]:
    """All that have words, for a choice."""
    return [(word, _(text)) for word, text in _ACTIONS.items()]
