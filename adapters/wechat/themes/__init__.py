"""The looks an article can have: one CSS file of this folder each, on top of `article.css`.

Styles WeChat does not keep must stay out of them: `position`, `float`, `var()`, pseudo elements
and media queries (docs/layout.md says where that was read).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from bot.domain.post import Variant
from bot.domain.problem import Problem
from bot.domain.roster import Account
from bot.i18n import _

Theme = Literal["gov", "health", "plain"]
NAMES: tuple[Theme, ...] = get_args(Theme)
DEFAULT: Theme = "gov"
OPTION = "theme"  # its name in a post's and in an account's options
_FOLDER = Path(__file__).parent


@cache
def css(theme: str) -> str:
    """The whole style sheet of a theme; of the default one when there is no such theme."""
    known = theme if theme in NAMES else DEFAULT
    files = (_FOLDER.parent / "article.css", _FOLDER / f"{known}.css")
    return "".join(file.read_text(encoding="utf-8") for file in files)


def chosen(variant: Variant, account: Account | None = None, default: str = DEFAULT) -> str:
    """The theme of an article: the post's choice, else its account's, else `default`."""
    of_account = account.options.get(OPTION, "") if account is not None else ""
    return variant.options.get(OPTION, "") or of_account or default


def problems(variant: Variant, account: Account) -> Iterator[Problem]:
    """A problem when the post or its account chooses a theme that does not exist."""
    theme = chosen(variant, account)
    if theme not in NAMES:
        message = _('There is no theme "{theme}" for WeChat articles.').format(theme=theme)
        hint = _("Choose one of these: {known}").format(known=", ".join(NAMES))
        yield Problem(code="theme-unknown", message=message, hint=hint)
