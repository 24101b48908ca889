"""Posts, rosters and publications for tests of pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.planning import Change, Fitness
from bot.domain.post import KeyItem, Kind, Media, Method, Post
from bot.domain.publication import Publication, State, publication_key
from bot.domain.roster import Account, Roster, Unit

NOW = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=6)
PICTURE = Media(path="media/a.jpg", sha256="0" * 64, size=9, mime="image/jpeg")
CLIP = Media(path="media/a.mp4", sha256="1" * 64, size=9, mime="video/mp4")
ARTICLE = Fitness(publishes=True, article=True, short_text=False, video_only=False)
SHORT = Fitness(publishes=True, article=False, short_text=True, video_only=False)
VIDEO = Fitness(publishes=True, article=False, short_text=False, video_only=True)
PERSON = Fitness(publishes=False, article=True, short_text=True, video_only=False)
FITNESS = {"wechat": ARTICLE, "weibo": SHORT, "douyin": VIDEO, "website": PERSON}


def unit(name: str = "u01", **more: Any) -> Unit:
    """A unit."""
    return replace(Unit(id=name, name=f"单位{name}", short=name), **more)


def account(name: str = "u01-wechat", **more: Any) -> Account:
    """An account that may publish."""
    owner, platform = name.split("-")
    made = Account(
        id=name,
        unit=owner,
        platform=platform,
        name=f"账号{name}",
        verified_name=f"单位{owner}",
        filing="备案1",
    )
    return replace(made, **more)


def roster(*accounts: Account) -> Roster:
    """A roster of these accounts and their units."""
    names = dict.fromkeys(one.unit for one in accounts)
    return Roster(
        units={name: unit(name) for name in names}, accounts={one.id: one for one in accounts}
    )


def fitness(members: Roster) -> dict[str, Fitness]:
    """What each account's platform takes."""
    return {one.id: FITNESS[one.platform] for one in members.accounts.values()}


def post(name: str = "p1", **more: Any) -> Post:
    """An article with a short text, on the flagship's WeChat account."""
    made = Post(
        id=name,
        title="题目",
        due_at=NOW,
        accounts=("u01-wechat",),
        window=timedelta(hours=6),
        body="正文。",
        text="短文。",
    )
    return replace(made, **more)


def key_item(**more: Any) -> KeyItem:
    """Reprinted within a day, spread over two hours."""
    made = KeyItem(deadline=timedelta(hours=24), spread=timedelta(hours=2))
    return replace(made, **more)


def publication(**more: Any) -> Publication:
    """A planned publication of p1 on the flagship's WeChat account."""
    made = Publication(
        id=1,
        post="p1",
        account="u01-wechat",
        unit="u01",
        platform="wechat",
        kind=Kind.ORIGINAL,
        method=Method.PUBLISH,
        key=publication_key("p1", "u01-wechat"),
        by_hand=False,
        needs_acceptance=False,
        state=State.PLANNED,
        reason="",
        due_at=NOW,
        not_after=LATER,
        offset_s=0,
        content_hash="a",
        next_at=NOW,
        lease=None,
        attempts=0,
        commits=0,
        finds=0,
        committed_at=None,
    )
    return replace(made, **more)


def carried_out(change: Change, number: int = 1) -> Publication:
    """The publication a change makes, or the one it leads to."""
    want = change.desired
    assert want is not None
    return publication(
        id=number,
        post=want.post,
        account=want.account.id,
        unit=want.account.unit,
        kind=want.kind,
        method=want.method,
        by_hand=want.by_hand,
        needs_acceptance=want.needs_acceptance,
        due_at=want.due_at,
        not_after=want.not_after,
        offset_s=want.offset_s,
        not_before=want.not_before,
        content_hash=want.content_hash,
    )


def moved(pub: Publication, change: Change) -> Publication:
    """`pub` after the change's step."""
    assert change.step is not None
    assert pub.state in change.step.sources
    enums: dict[str, Any] = {"kind": Kind, "method": Method}
    values: dict[str, Any] = {
        name: enums[name](value) if name in enums else value
        for name, value in change.step.changes.items()
    }
    return replace(pub, state=change.step.to or pub.state, **values)
