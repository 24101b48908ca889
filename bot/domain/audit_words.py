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
    "post.saved": N_("saved a post"),
    "post.moved": N_("moved a post"),
    "post.removed": N_("took a post out of the calendar"),
    "post.withdrawn": N_("ordered a withdrawal everywhere"),
    "post.corrected": N_("ordered a correction everywhere"),
    "media.uploaded": N_("uploaded a file"),
    "publication.retry": N_("had a publication tried again"),
    "publication.cancel": N_("cancelled a publication"),
    "publication.confirm": N_("confirmed a publication"),
    "publication.accept": N_("agreed to a reprint for the unit"),
    "publication.decline": N_("declined a reprint for the unit"),
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
_FACTS: Mapping[str, str] = {
    "file": N_("file"),
    "fields": N_("fields changed"),
    "field": N_("field"),
    "reason": N_("reason"),
    "note": N_("opinion"),
    "text": N_("in words"),
    "url": N_("link"),
    "at": N_("public since"),
    "from": N_("its time before"),
    "to": N_("its time now"),
    "said": N_("answer"),
    "post": N_("post"),
    "account": N_("account"),
    "unit": N_("unit"),
    "units": N_("units reminded"),
    "word": N_("on whose word"),
    "level": N_("level of review"),
    "levels": N_("levels of review"),
    "name": N_("name of the person"),
    "roles": N_("roles"),
    "deputy": N_("deputy"),
    "reviewer": N_("reviews as"),
    "scopes": N_("allowed to"),
    "until": N_("holds until"),
    "events": N_("is told of"),
    "platform": N_("at the platform"),
    "roster": N_("in the roster"),
    "publications": N_("publications that went on"),
}
_INNER = frozenset({"content_hash", "number", "match"})  # for programs


def action(word: str) -> str:
    """The action in words; itself where there are none."""
    return _(_ACTIONS[word]) if word in _ACTIONS else word


def actions() -> list[tuple[str, str]]:
    """All that have words, for a choice."""
    return [(word, _(text)) for word, text in _ACTIONS.items()]


def fact(name: str) -> str:
    """What a fact is called; "" for one that says nothing to people."""
    if name in _INNER:
        return ""
    return _(_FACTS[name]) if name in _FACTS else name
