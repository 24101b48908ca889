"""The people around the bot: they edit, decide and look, and never lie about what they see."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from bot.app import App
from bot.domain.publication import Publication, State
from bot.engine import people
from bot.engine import plan as plans
from bot.errors import UsageError
from bot.ledger import credentials, roster
from tests.bot.engine.world import START, Data
from tests.property.district import Bot
from tests.property.laws import Freeze, Laws, of
from tests.property.stage import Stage

BY = "officer"
WORDS = ("withdraw", "retry", "not_published", "confirm", "accept", "decline")
# A person asked too early would not see a call that is still on its way.
_LOOKS_AFTER = timedelta(minutes=10)
Act = Callable[[App], Coroutine[Any, Any, None]]


def now(stage: Stage) -> datetime:
    """The true time."""
    return START + timedelta(seconds=stage.now_s)


def polite(act: Act) -> Act:
    """The same, and a refusal in words is no fault."""

    async def run(app: App) -> None:
        with suppress(UsageError):
            await act(app)

    return run


def decide(word: str, pub: Publication, link: str) -> Act:
    """One decision about a publication as the person saw it last."""

    async def run(app: App) -> None:
        core = app.core
        match word:
            case "withdraw":
                await people.cancel(core, pub, by=BY)
            case "retry":
                await people.retry(core, pub, by=BY)
            case "not_published":
                await people.retry(core, pub, by=BY, not_published=True)
            case "confirm":
                await people.confirm(core, pub, url=link, at=None, by=BY)
            case "accept":
                await people.accept(core, pub, by=BY)
            case _:
                await people.decline(core, pub, by=BY, reason="no room")

    return polite(run)


def honest(word: str, pub: Publication, laws: Laws, stage: Stage) -> str | None:
    """The link a decision needs ("" for none); None when an honest person would not say this."""
    record = [post for post in laws.posts if of(post) == (pub.post, pub.account)]
    public = [post for post in record if post["published_at"] is not None]
    if word == "confirm":
        return str(public[0]["url"]) if public else None
    if word == "not_published":
        last = pub.committed_at or START
        return "" if not record and now(stage) - last > _LOOKS_AFTER else None
    return ""


def take_over(app: App) -> Coroutine[Any, Any, None]:
    """Reads the calendar's files and brings the ledger in line."""

    async def run(app: App) -> None:
        await plans.apply(app.core, app.read(), confirmed=True)

    return polite(run)(app)


def freeze(laws: Laws, bot: Bot, on: bool) -> None:
    """Begins or ends a freeze; the laws hold it against every grant in between."""
    laws.look()
    if not on:
        for one in laws.freezes:
            one.until = laws.last_event if one.until is None else one.until
    bot.do(lambda app: people.freeze(app.core, on, by=BY, reason="哀悼日" if on else ""))
    if on:
        laws.look()
        laws.freezes.append(Freeze(after=laws.last_event))


def pause(account: str, on: bool) -> Act:
    """An administrator stops an account, or lets it go on."""

    async def run(app: App) -> None:
        if not on:
            await people.resume(app.core, account)
            return
        async with app.core.ledger.write() as conn:
            await roster.pause(conn, account, "paused by its administrator")

    return run


def age_tokens(account: str, left: timedelta) -> Act:
    """The stored tokens end so soon that the next to need them has to get others."""

    async def run(app: App) -> None:
        async with app.core.ledger.write() as conn:
            kept = await credentials.load(conn, account)
            if kept is None or kept.sealed is None:
                return
            fields = app.vault.open(kept.sealed)
            end = (app.core.clock.now() + left).isoformat()
            for name in ("expires_at", "refresh_expires_at"):
                if name in fields:
                    fields[name] = end
            moment = app.core.clock.now()
            await credentials.store(
                conn, account, app.vault.seal(fields), expires_at=None, now=moment
            )

    return run


def edit(posts: dict[str, Data], first: dict[str, Data], name: str, how: str, number: int) -> None:
    """One change to one post of the calendar, in place; `first` is the calendar at first."""
    if how == "removed" or name not in posts:
        if posts.pop(name, None) is None:
            posts[name] = dict(first[name])
        return
    post = posts[name] = dict(posts[name])
    match how:
        case "text":
            post["title"] = f"{first[name]['title']}（修订{number}）"
            if "text" in post:
                post["text"] = f"{first[name]['text']}修订{number}。"
        case "moved":
            at = datetime.fromisoformat(first[name]["at"]) + timedelta(minutes=17 * number)
            post["at"] = f"{at:%Y-%m-%d %H:%M}"
        case "method" if "body" in post and "key" not in post:
            post["push"] = not post.get("push", False)
        case _:
            post["window"] = "2h" if number % 2 else "12h"


def edit_roster(units: list[Data], account: str, how: str, first: list[Data]) -> None:
    """Takes an account out, or its filing away; or puts both back."""
    for unit, unit_at_first in zip(units, first, strict=True):
        for entry in unit_at_first["accounts"]:
            if entry["id"] != account:
                continue
            others = [one for one in unit["accounts"] if one["id"] != account]
            known = len(others) != len(unit["accounts"])
            if how == "gone" and known:
                unit["accounts"] = others
            elif how == "unfiled":
                unit["accounts"] = [*others, {**entry, "filing": ""}]
            else:
                unit["accounts"] = [*others, entry]


def undecided(pub: Publication) -> bool:
    """True when the bot cannot tell and a person must."""
    return pub.state is State.UNKNOWN and pub.next_at is None
