"""A status as Weibo shows it."""

from __future__ import annotations

from html import escape

from adapters.looks import parts, short
from adapters.weibo.limits import TEXT_LIMIT
from adapters.weibo.text import compose, compose_repost, length
from bot.contract import Length, Scene, Screen
from bot.domain.post import Kind, Variant
from bot.domain.roster import Account
from bot.i18n import _

_TOPIC = r"#[^#\n]+#"
_BADGE = '<span class="sh-badge" title="机构认证">V</span>'
_ABOVE = "微博正文"


def screens(variant: Variant, scene: Scene) -> list[Screen]:
    """The status with its link, topics and picture; a repost with the original below it."""
    if _reposts(variant, scene.account):
        shown = f"{_words(_text(variant, scene.account))}{_quoted(variant, scene)}"
        return [short.screen(scene, _ABOVE, shown, _BADGE)]
    text = _words(_text(variant, scene.account))
    return [short.screen(scene, _ABOVE, f"{text}{short.gallery(variant, scene)}", _BADGE)]


def lengths(variant: Variant, account: Account) -> list[Length]:
    """The whole status, as the composer counts it."""
    return [Length(name=_("text"), length=length(_text(variant, account)), limit=TEXT_LIMIT)]


def _reposts(variant: Variant, account: Account) -> bool:
    return variant.kind is Kind.REPRINT and account.options.get("reprint_as") == "repost"


def _text(variant: Variant, account: Account) -> str:
    if _reposts(variant, account):
        return compose_repost(variant, "")
    return compose(variant, account.options.get("safe_link", ""))


def _words(text: str) -> str:
    return f'<p class="sh-text">{parts.words(text, _TOPIC)}</p>'


def _quoted(variant: Variant, scene: Scene) -> str:
    """The first release's own status, whose account is named by the label."""
    own = (variant.text or variant.title).strip()
    named = variant.label.partition("来源：")[2].partition("｜")[0]
    name = f'<span class="pt-link">@{escape(named)}</span> ' if named else ""
    return (
        f'<div class="sh-quote"><p class="sh-text">{name}{parts.words(own, _TOPIC)}</p>'
        f"{short.gallery(variant, scene)}</div>"
    )
