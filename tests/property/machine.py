"""A machine that does to the real bot whatever may happen to it.

Two bots work on one ledger against the real simulator. The machine kills them at any iteration of
their loops, spoils answers, doubles, loses and delays messages, moves clocks, lets tokens end,
edits the calendar and decides as people do; after every step the laws must hold, and at the end,
when all troubles are over, ledger and platforms must agree one to one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import cycle

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from bot.app import App
from bot.domain.message import Message
from bot.domain.publication import Publication, State
from bot.ledger import publications
from tests.bot.engine.world import Data
from tests.property import people
from tests.property.district import Bot, Died, District, calendar, members
from tests.property.laws import Laws
from tests.property.tally import Tally
from tests.property.troubles import (
    ACCOUNTS,
    ANY,
    BOTS,
    JOBS,
    LEASE_S,
    NAMES,
    WAITS,
    WRONG_S,
    Fate,
    How,
    Job,
    faults,
)

HORIZON = timedelta(days=4)  # longer than anything the bot waits for by itself
ROUNDS_MAX = 600  # of the settling at the end

tally = Tally()
stages: list[District] = []  # the one all examples play in


class AtMostOnce(RuleBasedStateMachine):
    """Two bots, the platforms, people, and everything that goes wrong between them."""

    def __init__(self) -> None:
        super().__init__()
        self.district = stages[0]
        self.district.begin()
        self.laws = Laws(self.district)
        self.roster = copy.deepcopy(members())
        self.edits = 0
        self.failed = True

    # ── helpers ───────────────────────────────────────────────────────────────────────────────

    def bot(self, number: int) -> Bot:
        return self.district.bots[number]

    def pick(self, number: int) -> Publication:
        """One of the publications as they were after the last step."""
        return self.laws.pubs[number % len(self.laws.pubs)]

    @contextmanager
    def mortal(self) -> Iterator[None]:
        """What the bot dies in is left as it is."""
        try:
            yield
        except Died:
            tally.add("orders cut short by a death")

    def act(self, number: int, work: people.Act, *, later: bool) -> None:
        """A person's command in a process of its own, awaited or not."""
        with self.mortal():
            if later:
                self.bot(number).begin(work)
            else:
                self.bot(number).do(work)

    def deliver(self, number: int, message: Message) -> None:
        async def put(app: App) -> None:
            await app.local.put(message)

        with self.mortal():
            self.bot(number).do(put)

    @property
    def box(self) -> list[Message]:
        return self.district.post_box.messages

    def work(self, job: Job) -> None:
        """What the bots do next; one of them may be dead before it is done."""
        with self.mortal():
            if job.death is not None:
                self._doom(job.bot, job.death)
            if job.how is not How.GO_ON:
                self.district.tick(self.bot(job.bot))
        if job.how is not How.GO_ON:
            self._hand_out(job)
        if job.how is How.ROUND:
            self.district.settle_down()
        self.district.stage.play(rounds=job.rounds)

    def _hand_out(self, job: Job) -> None:
        waiting, self.box[:] = list(self.box), []
        for message, fate in zip(waiting, cycle(job.fates), strict=False):
            if fate is Fate.LATE:
                self.box.append(message)
            if fate in {Fate.COMES, Fate.DOUBLED}:
                self.deliver(job.bot, message)
            if fate is Fate.DOUBLED:
                self.deliver(1 - job.bot, message)
            if fate is not Fate.COMES:
                tally.add(f"messages {fate}")

    def _doom(self, bot: int, steps: int) -> None:
        """The bot will die after so many iterations of its loop in which it had work."""
        self.bot(bot).app()
        loop = self.bot(bot).loop
        if loop is not None:
            loop.doom = steps

    # ── the beginning ─────────────────────────────────────────────────────────────────────────

    @initialize(
        guarded=st.sampled_from([False, False, False, True]),
        first=st.lists(faults(), min_size=3, max_size=8),
    )
    def begin(self, guarded: bool, first: list[Data]) -> None:
        """Ten o'clock. Weibo's own guard against equal texts would hide a double from us."""
        tally.add("examples")
        if not guarded:
            self.district.platforms.ask("POST", "settings", {"weibo_duplicate_s": 0.0})
        self.district.stage.move_to(3600)
        for fault in first:
            self.district.platforms.ask("POST", "faults", fault)

    # ── deaths and time ───────────────────────────────────────────────────────────────────────

    @rule(bot=BOTS, job=JOBS)
    def kill(self, bot: int, job: Job) -> None:
        """The power fails now."""
        self.bot(bot).kill()
        self.work(job)

    def _pass(self, seconds: float) -> None:
        stage = self.district.stage
        end_s = stage.now_s + seconds
        stage.play(wait_s=seconds)
        stage.move_to(end_s)

    @rule(seconds=WAITS, job=JOBS)
    def wait(self, seconds: int, job: Job) -> None:
        """Time passes; messages that wait in the queue grow late."""
        self._pass(seconds)
        self.work(job)

    @rule(job=JOBS)
    def wait_until_due(self, job: Job) -> None:
        """Time passes until something is due."""
        due = [pub.next_at for pub in self.laws.pubs if pub.next_at is not None]
        if due:
            self._pass(max(0.0, (min(due) - people.now(self.district.stage)).total_seconds()))
        self.work(job)

    @rule(bot=BOTS, seconds=st.sampled_from([5, 60, 90, LEASE_S + 1, 400]), job=JOBS)
    def stop_for_a_while(self, bot: int, seconds: int, job: Job) -> None:
        """The machine freezes a process; never for long in the middle of a publishing call."""
        loop = self.bot(bot).loop
        sending = any(pub.state is State.SENDING for pub in self.laws.pubs)
        if loop is not None and not loop.writing and (seconds <= 90 or not sending):
            tally.add("processes frozen")
            loop.paused = True
            with self.mortal():
                self.district.tick(self.bot(1 - bot))
            self._pass(seconds)
            loop.paused = False
        self.work(job)

    @rule(bot=BOTS, seconds=st.sampled_from(WRONG_S), job=JOBS)
    def set_clock(self, bot: int, seconds: int, job: Job) -> None:
        """A bot's clock jumps to within a minute of the true time."""
        tally.add("clock jumps")
        self.bot(bot).clock.wrong_s = float(seconds)
        self.work(job)

    # ── platforms ─────────────────────────────────────────────────────────────────────────────

    @rule(fault=faults(), job=JOBS)
    def spoil(self, fault: Data, job: Job) -> None:
        """Something goes wrong with coming calls."""
        self.district.platforms.ask("POST", "faults", fault)
        self.work(job)

    def _count_faults(self) -> None:
        known = self.district.platforms.ask("GET", "faults")["faults"]
        tally.add("faults", sum(fault["fired"] for fault in known))

    @rule(
        bot=BOTS,
        account=st.sampled_from(ACCOUNTS),
        how=st.sampled_from(["ended", "old", "aged", "dead", "renewed"]),
        job=JOBS,
    )
    def token(self, bot: int, account: str, how: str, job: Job) -> None:
        """A token ends early, grows old, is given up, or its account is authorised anew."""
        tally.add("troubles with tokens")
        body: Data = {"platform": account.partition("-")[2], "account": account}
        match how:
            case "ended" | "dead":
                dead: Data = {"dead": True} if how == "dead" else {}
                self.district.platforms.ask("POST", "tokens/expire", body | dead)
            case "renewed":
                with self.mortal():
                    self.district.authorise(self.bot(bot), account)
                    self.bot(bot).do(people.pause(account, False))
            case _:
                left = timedelta(minutes=5) if how == "old" else timedelta(hours=72)
                self.act(bot, people.age_tokens(account, left), later=False)
        self.work(job)

    @rule(account=st.sampled_from(ACCOUNTS), job=JOBS)
    def spend(self, account: str, job: Job) -> None:
        """Somebody else has used the quota up."""
        tally.add("quotas spent")
        platform = account.partition("-")[2]
        body = {"platform": platform, "account": account, "budget": "push", "used": 30}
        if platform == "wechat":
            body["used"] = 4 if account == "u03-wechat" else 1
        self.district.platforms.ask("POST", "quota", body)
        self.work(job)

    # ── people ────────────────────────────────────────────────────────────────────────────────

    @rule(
        bot=BOTS,
        name=st.sampled_from(NAMES),
        how=st.sampled_from(["text", "moved", "removed", "method", "window"]),
        later=st.booleans(),
        job=JOBS,
    )
    def edit(self, bot: int, name: str, how: str, later: bool, job: Job) -> None:
        """The calendar changes: a text, a time, a method; or a post goes, or comes back."""
        self.edits += 1
        tally.add("calendar edits")
        people.edit(self.district.office.posts, calendar(), name, how, self.edits)
        self.district.office.write()
        self.act(bot, people.take_over, later=later)
        self.work(job)

    @rule(
        bot=BOTS,
        account=st.sampled_from(["u02-weibo", "u03-weibo", "u03-wechat"]),
        how=st.sampled_from(["gone", "unfiled", "back"]),
        later=st.booleans(),
        job=JOBS,
    )
    def edit_roster(self, bot: int, account: str, how: str, later: bool, job: Job) -> None:
        """An account leaves the matrix, loses its filing, or comes back."""
        tally.add("calendar edits")
        people.edit_roster(self.roster["units"], account, how, members()["units"])
        self.district.office.roster = self.roster
        self.district.office.write()
        self.act(bot, people.take_over, later=later)
        self.work(job)

    @rule(bot=BOTS, number=ANY, word=st.sampled_from(people.WORDS), later=st.booleans(), job=JOBS)
    def decide(self, bot: int, number: int, word: str, later: bool, job: Job) -> None:
        """A person decides about a publication."""
        pub = self.pick(number)
        link = people.honest(word, pub, self.laws, self.district.stage)
        if link is not None:
            tally.add("people's decisions")
            self.act(bot, people.decide(word, pub, link), later=later)
        self.work(job)

    @rule(bot=BOTS, on=st.booleans(), job=JOBS)
    def freeze(self, bot: int, on: bool, job: Job) -> None:
        """A freeze 静默期 begins or ends."""
        tally.add("freezes begun or ended")
        with self.mortal():
            people.freeze(self.laws, self.bot(bot), on)
        self.work(job)

    @rule(
        bot=BOTS,
        account=st.sampled_from(ACCOUNTS),
        on=st.booleans(),
        later=st.booleans(),
        job=JOBS,
    )
    def pause(self, bot: int, account: str, on: bool, later: bool, job: Job) -> None:
        """An administrator stops an account or lets it go on."""
        self.act(bot, people.pause(account, on), later=later)
        self.work(job)

    # ── laws ──────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def laws_hold(self) -> None:
        """What must hold at any moment."""
        self.laws.look()

    def teardown(self) -> None:
        try:
            self._settle()
        finally:
            tally.add("deaths", sum(bot.deaths for bot in self.district.bots))
            self.district.end()

    def _settle(self) -> None:
        """All troubles end; the bots work off what is left; people decide what is theirs."""
        self._calm()
        for _round in range(3):
            self._work_off()
            self.laws.look()
            open_ones = [pub for pub in self.laws.pubs if people.undecided(pub)]
            if not open_ones:
                break
            for pub in open_ones:
                self._look_for(pub)
        tally.add("published", sum(p.state is State.PUBLISHED for p in self.laws.pubs))
        self.laws.settle()

    def _calm(self) -> None:
        self._count_faults()
        self.district.platforms.ask("DELETE", "faults")
        for bot in self.district.bots:
            bot.clock.wrong_s = 0.0
            if bot.loop is not None:
                bot.loop.paused, bot.loop.doom = False, None
        self.district.settle_down()
        bot = self.bot(0)
        people.freeze(self.laws, bot, False)
        self.district.authorise(bot, *ACCOUNTS)
        for account in ACCOUNTS:
            bot.do(people.pause(account, False))

    def _work_off(self) -> None:
        stage = self.district.stage
        end = people.now(stage) + HORIZON
        for number in range(ROUNDS_MAX):
            self.work(Job(How.ROUND, number % 2))
            due = stage.finish(self.district.platforms.loop, self._next_due())
            if due is None or due > end:
                return
            stage.move_to(stage.now_s + max(0.0, (due - people.now(stage)).total_seconds()))
        raise AssertionError(f"no end after {ROUNDS_MAX} rounds:\n{self.laws.everything()}")

    async def _next_due(self) -> datetime | None:
        async with self.district.ledger.read() as conn:
            return await publications.next_due(conn)

    def _look_for(self, pub: Publication) -> None:
        for word in ("confirm", "not_published"):
            link = people.honest(word, pub, self.laws, self.district.stage)
            if link is not None:
                self.bot(0).do(people.decide(word, pub, link))
                return
