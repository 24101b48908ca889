"""typer's own words in the chosen language: panels of the help, and what is wrong with a command.

typer looks its few words up in a catalog nobody ships, and writes its complaints in plain English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer
from typer import rich_utils

from bot.i18n import N_, _

_COMPLAINTS = (
    (r"No such option: (?P<name>\S+)(?: .*)?", N_("there is no option {name}")),
    (r"No such command '(?P<name>.*?)'.*", N_("there is no command {name}")),
    (r"Missing command", N_("the command is missing")),
    (r"Missing (?:argument|parameter|option) '?(?P<name>[^'.]*).*", N_("{name} is missing")),
    (r"Got unexpected extra argument\S* \((?P<name>.*)\)", N_("{name} is too much")),
    (r"Option '?(?P<name>\S+?)'? requires an argument", N_("{name} needs a value")),
    (
        r"Invalid value for '?(?P<name>.*?)'?: (?:Value error, )?"
        r"'(?P<value>.*)' is not one of (?P<known>.*)",
        N_("{name} cannot be “{value}”; known are {known}"),
    ),
    (r"Invalid value for '?(?P<name>.*?)'?: .*\binteger\b.*", N_("{name} must be a whole number")),
)


def speak(command: Any) -> None:
    """Gives the help of `command` and of everything below it titles in the chosen language."""
    rich_utils.OPTIONS_PANEL_TITLE = _("Options")
    rich_utils.ARGUMENTS_PANEL_TITLE = _("Arguments")
    rich_utils.COMMANDS_PANEL_TITLE = _("Commands")
    rich_utils.REQUIRED_LONG_STRING = _("[required]")
    rich_utils.DEFAULT_STRING = _("[default: {}]")
    for one in _all(command):
        if (option := one.get_help_option(typer.Context(one))) is not None:
            option.help = _("shows this help")


def _all(command: Any) -> Iterator[Any]:
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from _all(below)


def complaint(message: str) -> str:
    """What typer says about a wrong command line; a sentence nobody foresaw stays English."""
    bare = message.strip().rstrip(".")
    for pattern, words in _COMPLAINTS:
        if found := re.fullmatch(pattern, bare, re.DOTALL):
            return _(words).format(**found.groupdict())
    return bare
