"""Plays the sample month: the real engine and adapters, real HTTP, a virtual clock."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from bot.app import App
from bot.demo import further, hands
from bot.demo.scenario import Action, Scenario
from bot.domain import words
from bot.domain.message import Message
from bot.domain.post import Kind, Post
from bot.domain.publication import State
from bot.domain.recall import RecallKind
from bot.domain.roster import Account
from bot.engine import collect as collecting
from bot.engine import people, recall_work, recalling
from bot.engine import plan as plans
from bot.i18n import N_, _
from bot.ledger import publications
from bot.settings import ReviewPart, Settings
from bot.stage import building, outside
from bot.stage.building import Stage
from bot.stage.performance import Performance

Tell = Callable[[datetime, str], None]
_LIAISON, _OFFICER = "liaison", "officer"
_STAGE_MARK = ".demo"  # what holds it may be emptied by the next demo
_NOTABLE = {
    "publication.lost": N_("{name}: no trustworthy answer, looking before anything else"),
    "publication.not_there": N_("{name}: surely not public, it will be sent again"),
    "publication.failed": N_("{name}: failed ({reason})"),
    "publication.missed": N_("{name}: missed ({reason})"),
    "publication.needs_person": N_("{name}: a person must look ({reason})"),
    "publication.changed_after_publishing": N_("{name}: changed after publishing, not sent again"),
}


async def build_stage(settings: Settings, folder: Path) -> Stage:
    """Copies the schedules into `folder`, starts the simulator, and points the settings at both."""
    _lay_out(settings.office.schedules, folder)
    # The month is the same everywhere, and nobody reviews it.
    plain = settings.model_copy(update={"platforms": {}, "review": ReviewPart()})
    return await building.build(plain, folder, schedules=folder / "schedules")


def _lay_out(schedules: Path, folder: Path) -> None:
    building.empty(folder, _STAGE_MARK)
    shutil.copytree(schedules, folder / "schedules")
    further.add(folder / "schedules")


class _DoublingQueue:
    """Delivers messages twice while told to, as a queue that lost an acknowledgement does."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.doubled = 0

    async def put(self, message: Message) -> None:
        await self._app.local.put(message)
        if self.doubled:
            self.doubled -= 1
            await self._app.local.put(message)

    async def join(self) -> None:
        await self._app.local.join()


class Player(Performance[Action]):
    """One performance of the script. `play` leaves `app` open for questions until `close`."""

    def __init__(self, stage: Stage, scenario: Scenario, tell: Tell) -> None:
        super().__init__(stage, start=scenario.start, end=scenario.end)
        self._scenario = scenario
        self._tell = tell
        self._conditional = [action for action in scenario.actions if action.at is None]
        self._crash: tuple[str, Action] | None = None
        self._reported: set[int] = set()
        self._told = 0  # id of the last event that was told
        self._doubling: _DoublingQueue

    async def open(self) -> None:
        """Starts the bot on an empty ledger and opens all accounts outside."""
        await super().open()
        reading = self.app.read()
        self.roster = reading.roster
        self.posts = {post.id: post for post in reading.posts}
        await plans.apply(self.app.core, reading)
        await self.enter(reading.roster)
        self._schedule()

    async def start(self) -> None:
        """Starts the bot with a queue that may deliver twice."""
        await super().start()
        self.queue = self._doubling = _DoublingQueue(self.app)

    # ── time ──────────────────────────────────────────────────────────────────────────────────

    def _schedule(self) -> None:
        for action in self._scenario.actions:
            if action.at is not None:
                self.push(action.at, action)
        self._schedule_collecting()
        for account in outside.simulated(self.roster):
            self._schedule_own(account)

    def _schedule_collecting(self) -> None:
        day = self._scenario.start
        while day < self._scenario.end:
            day += timedelta(days=self._scenario.collect_days)
            at = datetime.combine(day.date(), self._scenario.collect_at, tzinfo=day.tzinfo)
            self.push(at, Action(do="collect", at=at, facts={}))

    def _schedule_own(self, account: Account) -> None:
        """The unit's own posts, by hand: now one article, now two in one push."""
        every = self._scenario.own_every.get(account.id, self._scenario.own_default)
        if account.flagship or account.platform not in {"wechat", "weibo"} or not every:
            return
        if account.id in self._scenario.own_skip:
            return
        shift = int(account.unit.removeprefix("u")) % every
        for number in range(40):
            day = self._scenario.start + timedelta(days=shift + number * every)
            at = day.replace(hour=16, minute=(int(account.unit[1:]) * 7) % 60)
            if at >= self._scenario.end - timedelta(days=1):
                break
            facts = {"account": account.id, "number": number, "articles": 1 + number % 3 // 2}
            self.push(at, Action(do="own", at=at, facts=facts))

    async def play(self, progress: Callable[[datetime], None]) -> None:
        """Runs from start to end, and reads all accounts back once more."""
        await super().play(progress)
        await collecting.collect(self.app.core)
        await self.run_due()

    async def worked(self) -> None:
        """What is out may be what somebody outside has waited for."""
        await self._conditions()
        await self._plan_reports()

    async def join(self) -> None:
        """Waits for the batch, unless the power fails in the middle of it."""
        working = asyncio.create_task(self.queue.join())
        while not working.done():
            await asyncio.wait({working}, timeout=0.02 if self._crash else None)
            if self._crash is not None and await self.outside.fired(self._crash[0]):
                working.cancel()
                await self._power_failure(self._crash[1])
                return

    async def _power_failure(self, action: Action) -> None:
        self._crash = None
        self._say(
            _("power failure while {account} was sending {post}; the bot starts again"), action
        )
        await self.app.local.abort()
        await self.stop()
        await self.start()

    async def news(self) -> None:
        """Tells what the ledger has entered since the last time and a person would want to know."""
        async with self.app.core.ledger.read() as conn:
            events = await publications.news(conn, self._told, _NOTABLE)
        for event in events:
            self._told = event["id"]
            facts = event["facts"]
            text = _(_NOTABLE[event["name"]]).format(
                name=f"{event['post']}@{event['account']}",
                reason=words.reason(str(facts.get("reason") or facts.get("why", ""))),
            )
            self._tell(event["at"], text)

    # ── what happens outside ──────────────────────────────────────────────────────────────────

    def _say(self, message: str, action: Action) -> None:
        facts = {
            key: _(", ").join(value) if isinstance(value, list) else value
            for key, value in action.facts.items()
        }
        self._tell(self.clock.now(), message.format(**facts))

    async def act(self, action: Action) -> None:
        """Does what the script says."""
        await getattr(self, f"_do_{action.do}")(action)

    def _account(self, action: Action) -> Account:
        return self.roster.accounts[action.facts["account"]]

    def _post(self, action: Action) -> Post:
        return self.posts[action.facts["post"]]

    async def _do_collect(self, action: Action) -> None:
        await collecting.collect(self.app.core)
        await recall_work.work_due(self.app.core)

    async def _do_own(self, action: Action) -> None:
        account = self._account(action)
        number = action.facts.get("number", 0)
        title = action.facts.get("title", "")
        articles = [
            hands.own(title or f"{account.name}院内资讯第{number + 1}期（{part + 1}）", number + 1)
            for part in range(action.facts.get("articles", 1))
        ]
        mass = account.platform == "wechat" and account.kind == "subscription"
        await self.outside.publish(account, articles, mass=mass, at=self.clock.now())

    async def _do_mass(self, action: Action) -> None:
        article = hands.own(action.facts["title"], 1)
        await self.outside.publish(self._account(action), [article], mass=True, at=self.clock.now())

    async def _do_carry(self, action: Action) -> None:
        how = action.facts.get("how", "full")
        source = next(a.name for a in self.roster.accounts.values() if a.flagship)
        article = hands.by_hand(self._post(action), how, source)
        await self.outside.publish(
            self._account(action), [article], mass=how == "mass", at=self.clock.now()
        )
        self._say(_("{account} reprints {post} by hand"), action)

    async def _do_accept(self, action: Action) -> None:
        pub = await people.get(self.app.core, f"{action.facts['post']}@{action.facts['account']}")
        await people.accept(self.app.core, pub, by=_LIAISON)
        self._say(_("{account} agrees to reprint {post}"), action)

    async def _do_report(self, action: Action) -> None:
        post, account = action.facts["post"], action.facts["account"]
        pub = await people.get(self.app.core, f"{post}@{account}")
        url = f"https://{account}.lanting.example/{post}"
        await people.confirm(self.app.core, pub, url=url, at=self.clock.now(), by=_LIAISON)

    async def _do_dead_token(self, action: Action) -> None:
        account = self._account(action)
        body = {"platform": account.platform, "account": account.id, "dead": True}
        await self.outside.call("POST", "tokens/expire", body)
        self._say(_("the authorisation of {account} has ended"), action)

    async def _do_expire_token(self, action: Action) -> None:
        account = self._account(action)
        body = {"platform": account.platform, "account": account.id}
        await self.outside.call("POST", "tokens/expire", body)
        self._say(_("the platform ends the access token of {account}"), action)

    async def _do_original(self, action: Action) -> None:
        account, post = self._account(action), self._post(action)
        left_out = set(action.facts["not_whitelisted"])
        allowed = [
            other.id
            for other in outside.simulated(self.roster)
            if other.platform == account.platform and other.id not in left_out
        ]
        text = hands.by_hand(post, "no_source", "")["content"]
        body = {"platform": account.platform, "account": account.id, "text": text}
        await self.outside.call("POST", "original", {**body, "whitelist": allowed})
        self._say(
            _("{post} is declared original; {not_whitelisted} is not on the whitelist"), action
        )

    async def _do_fault(self, action: Action) -> None:
        facts = {key: value for key, value in action.facts.items() if key != "account"}
        await self.outside.fault(self._account(action), facts)

    async def _do_crash(self, action: Action) -> None:
        facts = {"kind": "hang", "path": action.facts["path"]}
        self._crash = (await self.outside.fault(self._account(action), facts), action)

    async def _do_double(self, action: Action) -> None:
        self._doubling.doubled = action.facts["messages"]
        self._say(_("the queue delivers its next {messages} messages twice"), action)

    async def _do_correct(self, action: Action) -> None:
        folder = self.stage.settings.office.schedules
        shutil.copyfile(folder / action.facts["with"], folder / action.facts["file"])
        made = await plans.apply(self.app.core, self.app.read())
        self.posts = {post.id: post for post in self.app.read().posts}
        self._say(
            _("{of} is corrected in the calendar: {count} changes").format(
                of="{of}", count=len(made.changes)
            ),
            action,
        )
        post, why = action.facts["of"], action.facts["because"]
        core = self.app.core
        recall = await recalling.order(core, post, RecallKind.CORRECT, reason=why, by=_OFFICER)
        await recall_work.work_due(core)
        self._say(
            _("correction no. {id} is ordered: {because}").format(id=recall.id, because=why), action
        )

    async def _conditions(self) -> None:
        for action in list(self._conditional):
            async with self.app.core.ledger.read() as conn:
                pubs = await publications.search(
                    conn, post=action.facts["of"], states=[State.PUBLISHED]
                )
            out = [pub for pub in pubs if pub.kind is Kind.REPRINT]
            if len(out) >= action.facts["after_reprints"]:
                self._conditional.remove(action)
                await self.act(action)

    async def _plan_reports(self) -> None:
        """The flagship's liaison works hand-off packages off and reports the link."""
        async with self.app.core.ledger.read() as conn:
            pubs = await publications.in_states(conn, [State.HANDED_OFF])
        for pub in pubs:
            name = f"{pub.post}@{pub.account}"
            mine = pub.account in self._scenario.report_accounts
            if pub.id in self._reported or not mine or name in self._scenario.unreported:
                continue
            self._reported.add(pub.id)
            at = self.clock.now() + self._scenario.report_after
            facts = {"post": pub.post, "account": pub.account}
            self.push(at, Action(do="report", at=at, facts=facts))
