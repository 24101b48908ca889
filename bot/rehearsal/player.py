"""Plays a score: the bot is the real one, what people do meanwhile is assumed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.publication import Hold, Publication, State
from bot.domain.quota import Period, period_start
from bot.domain.roster import Account
from bot.engine import people
from bot.engine import plan as plans
from bot.engine.plan import Plan
from bot.ledger import excerpt, items, posts, publications, roster
from bot.ledger.connection import Connection
from bot.ledger.excerpt import Excerpt
from bot.rehearsal.score import Score
from bot.stage import outside
from bot.stage.building import Stage
from bot.stage.performance import Performance

_WHO = "rehearsal"
_UNLIMITED = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """How people act in a rehearsal."""

    confirm_after: timedelta | None  # a unit agrees to a reprint after this; None: it never does
    by_hand_after: timedelta  # a package is published and reported after this


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person does with a publication that waits for one."""

    publication: int
    state: State  # as it was when they turned to it


class Rehearsal(Performance[Answer]):
    """One rehearsal. `play` leaves `app` open for questions until `close`."""

    def __init__(
        self, stage: Stage, score: Score, assumed: Assumed, known: Excerpt | None = None
    ) -> None:
        super().__init__(stage, start=score.start, end=score.end + assumed.by_hand_after)
        self._score = score
        self._assumed = assumed
        self._known = known
        self._turned_to: set[tuple[int, State]] = set()
        self.plan: Plan

    async def open(self) -> None:
        """Takes the calendar over into an empty ledger, with what is known already."""
        await super().open()
        reading = self._score.reading
        await self._loosen_platforms()
        await self.enter(reading.roster)
        async with self.app.core.ledger.write() as conn:
            await self._enter_known(conn)
        await self._spend_outside()
        self.plan = await plans.apply(self.app.core, reading, confirmed=True)
        await self.worked()

    async def _enter_known(self, conn: Connection) -> None:
        reading, now = self._score.reading, self.clock.now()
        await roster.save(conn, reading.roster, now)
        for post in reading.posts:
            await posts.save(conn, post, self._score.checked.hashes[post.id], now)
        if self._known is not None:
            await excerpt.enter(conn, _linkless(self._known))

    async def _loosen_platforms(self) -> None:
        """Where the office has quotas of its own, the simulator's are no less."""
        limits = {}
        for name, part in self.stage.settings.platforms.items():
            chosen = part.get("quotas", {})
            if name in outside.SIMULATED and chosen:
                limits[name] = {"push": max(int(limit) or _UNLIMITED for limit in chosen.values())}
        if limits:
            await self.outside.call("POST", "settings", {"limits": limits})

    async def _spend_outside(self) -> None:
        """Mass sends the accounts have shown this period count on the platform, by whomever."""
        for name, pushes in self._pushed().items():
            body = {"platform": "wechat", "account": name, "budget": "push", "used": pushes}
            await self.outside.call("POST", "quota", body)

    def _pushed(self) -> Mapping[str, int]:
        accounts = self._score.reading.roster.accounts
        played = {one.id for one in outside.simulated(self._score.reading.roster)}
        seen: dict[str, set[str]] = defaultdict(set)
        for row in self._known.items if self._known else ():
            account = accounts.get(row["account"])
            if account is None or account.platform != "wechat" or account.id not in played:
                continue
            if row["notified"] and self._this_period(account, row["published_at"]):
                seen[account.id].add(row["push_id"] or row["platform_id"])
        return {name: len(pushes) for name, pushes in seen.items()}

    def _this_period(self, account: Account, moment: datetime) -> bool:
        period = Period.MONTH if account.kind == "service" else Period.DAY
        return period_start(self.clock.now(), period) <= moment <= self.clock.now()

    async def play(self, progress: Callable[[datetime], None]) -> None:
        """Runs from start to end; then all accounts are known, as nobody else posts on a stage."""
        await super().play(progress)
        known = self._known.read_from if self._known else {}
        async with self.app.core.ledger.write() as conn:
            for name in self._score.reading.roster.accounts:
                since = min(known.get(name, self._score.start), self._score.start)
                await items.read_done(conn, name, since=since, until=self.end, gaps=())

    async def worked(self) -> None:
        """People turn to what now waits for them."""
        async with self.app.core.ledger.read() as conn:
            waiting = await publications.in_states(conn, {State.HELD, State.HANDED_OFF})
        for pub in waiting:
            after = self._answered_after(pub)
            if after is not None and (pub.id, pub.state) not in self._turned_to:
                self._turned_to.add((pub.id, pub.state))
                self.push(self.clock.now() + after, Answer(publication=pub.id, state=pub.state))

    def _answered_after(self, pub: Publication) -> timedelta | None:
        if pub.state is State.HANDED_OFF:
            return self._assumed.by_hand_after
        return self._assumed.confirm_after if pub.reason == Hold.ACCEPTANCE else None

    async def act(self, action: Answer) -> None:
        """The unit agrees, or the package is out and reported."""
        pub = await people.get(self.app.core, str(action.publication))
        if pub.state is not action.state:
            return  # its time has passed
        if pub.state is State.HELD:
            await people.accept(self.app.core, pub, by=_WHO)
        else:
            url = f"https://{_WHO}.invalid/{pub.id}"
            await people.confirm(self.app.core, pub, url=url, at=self.clock.now(), by=_WHO)


def _linkless(known: Excerpt) -> Excerpt:
    """Without links to real posts on Weibo, whose reprints are reposts of just that post.

    The simulator does not know it; a reprint then is a post of its own, with the article's link.
    """
    rows = [
        row | {"url": "", "platform_id": row["platform_id"] or row["url"]}
        if row["platform"] == "weibo"
        else row
        for row in known.publications
    ]
    return replace(known, publications=rows)
