"""Why a publication stands where it stands, in one line."""

from __future__ import annotations

from bot.domain import words
from bot.domain.publication import Publication, State
from bot.i18n import _


def trouble(pub: Publication) -> str:
    """Why it stands where it stands, in one line; "" when there is nothing to say."""
    # The error may know more exactly than the reason what is wrong with an account.
    parts = [words.reason(str(pub.error.get("why") or pub.reason))]
    if pub.state is not State.PUBLISHED:
        parts += [words.reason(str(pub.error.get(key, ""))) for key in ("message", "advice")]
    if pub.withdrawn and pub.state is not State.PUBLISHED:
        parts.append(_("withdrawn: should it prove not public, it will not be sent"))
    if pub.changed_hash:
        parts.append(_("the calendar was changed after it went out; it was not sent again"))
    return _("; ").join(_said_once(parts))


def _said_once(parts: list[str]) -> list[str]:
    """Without empty parts, and without those that another one already holds."""
    bare = list(dict.fromkeys(part.strip().rstrip(".。") for part in parts))
    return [
        part for part in bare if part and not any(part in other for other in bare if other != part)
    ]
