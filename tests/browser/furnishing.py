"""What people did at the desk by the middle of the sample month: they sent its forms."""

from __future__ import annotations

from collections.abc import Mapping

from bot.app import App
from bot.engine import plan
from tests.bot.web.visitors import Page, Visitor

_LEVELS = ("first", "second", "final")
EDITED = "0518-blood-bus"  # after it was approved
_BODY, _BEFORE, _AFTER = f"posts/{EDITED}.md", "二百一十", "二百一十二"
# Post → how many levels have said yes.
_APPROVED = {
    "k4-long-prescription": 3,
    "0516-weibo-old-street": 3,
    "0516-weekend-clinic": 3,
    "0516-video-blood-pressure": 2,
    "0517-hypertension": 1,
    EDITED: 1,
}
_REFUSED, _WHY = "0518-notice-mumps", "第三段的发病数请与疾控科核对后再发。"


async def furnish(app: App, known: Mapping[str, Visitor]) -> None:
    """Leaves behind reviews in every state, a deputy, a webhook, and what the log says of it."""
    for post, count in _APPROVED.items():
        for level in _LEVELS[:count]:
            await _say(known[level], post, "approved")
    await _say(known["first"], _REFUSED, "refused", _WHY)
    await _edit(app)
    hook = {"url": "https://oa.lanting.example/xuanfa", "events": "publication.published"}
    made = await known["administrator"].post("/settings/webhooks", **hook)
    assert made.status == 200, made.words
    absent = {"login": "final", "deputy": "second", "from": "2026-05-18", "to": "2026-05-22"}
    _taken(await known["final"].post("/reviews/deputies", **absent))


async def _say(reviewer: Visitor, post: str, said: str, note: str = "") -> None:
    page = await reviewer.get(f"/reviews/{post}")
    fields = {name: page.value(name) for name in ("seen", "level")}
    _taken(await reviewer.post(f"/reviews/{post}", said=said, note=note, **fields))


def _taken(page: Page) -> None:
    assert page.status == 303, page.words


async def _edit(app: App) -> None:
    """A word of the article that one level has approved."""
    path = app.settings.office.schedules / _BODY
    text = path.read_text(encoding="utf-8")
    assert _BEFORE in text
    path.write_text(text.replace(_BEFORE, _AFTER), encoding="utf-8")
    await plan.apply(app.core, app.read())
