"""Messages for people: English in the code, looked up in a gettext catalog.

zh_CN is the default; BOT_LANGUAGE=en shows the English of the code. The compiled catalog is part
of the package, and a test holds it equal to the .po file and complete.
"""

from __future__ import annotations

import gettext
import os
from functools import cache
from pathlib import Path

LOCALE_DIR = Path(__file__).parent / "locale"
DEFAULT_LANGUAGE = "zh_CN"


@cache
def _catalog(language: str) -> gettext.NullTranslations:
    return gettext.translation("bot", str(LOCALE_DIR), languages=[language], fallback=True)


def language() -> str:
    """The language messages are shown in, e.g. "zh_CN"."""
    return os.environ.get("BOT_LANGUAGE", DEFAULT_LANGUAGE)


def _(message: str) -> str:
    """`message` in the chosen language; format it afterwards with named fields."""
    return _catalog(language()).gettext(message)


def N_(message: str) -> str:
    """Marks `message` for the catalog where it is translated only later."""
    return message
