"""At most once, nothing lost: a machine that does to the real bot whatever may happen to it.

Two bots work on one ledger against the real simulator. The machine kills them at any iteration of
their loops, spoils answers, doubles, loses and delays messages, moves clocks, lets tokens end,
edits the calendar and decides as people do; after every step the laws must hold, and at the end,
when all troubles are over, ledger and platforms must agree one to one.

In CI it plays the same examples each time. With BOT_SOAK_SECONDS it plays new ones for so long;
the seeds it used are printed and reported, BOT_SOAK_SEED plays one of them again.
"""

from __future__ import annotations

import copy
import logging
import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot import logs
from bot.app import App
from bot.domain.message import Message
from bot.domain.publication import Publication, State
from bot.ledger import publications
from tests.bot.engine.world import Data
from tests.property import people
from tests.property.district import Bot, Died, District, calendar, members
from tests.property.laws import Laws
from tests.property.tally import Tally

LEDGER_URL = "BOT_MACHINE_LEDGER_URL"  # PostgreSQL instead of SQLite files
SOAK_S = float(os.environ.get("BOT_SOAK_SECONDS", "0"))
SOAK_SEED = os.environ.get("BOT_SOAK_SEED", "")
EXAMPLES, STEPS = 60, 30
LEASE_S = 120
HORIZON = timedelta(days=4)  # longer than anything the bot waits for by itself
ROUNDS_MAX = 600  # of the settling at the end

BOTS = st.integers(0, 1)
ANY = st.integers(0, 1000)
NAMES = sorted(calendar())
ACCOUNTS = (
    "u01-wechat",
    "u01-weibo",
    "u01-douyin",
    "u02-wechat",
    "u02-weibo",
    "u03-wechat",
    "u03-weibo",
)
PUBLISHING = {
    "wechat": ("freepublish/submit", "message/mass/sendall"),
    "weibo": ("statuses/share",),
    "douyin": ("create_video",),
}
PREPARING = {
    "wechat": ("draft/add", "add_material", "stable_token", "draft/batchget"),
    "weibo": ("user_timeline",),
    "douyin": ("upload_video", "refresh_token", "renew_refresh_token", "upload_image"),
}
CODES = {
    "wechat": (45009, 40001, 42001, 45028, 48001, -1),
    "weibo": (10022, 10024, 21327, 20019, 10001),
    "douyin": (28001003, 28001008, 2190008, 28003017, 28001005),
}
PLAIN = ("drop_before", "lost_answer", "hang_before", "hang", "html", "empty", "missing_code")
# How long a review may last: WeChat's without a bound; on Weibo a post shows within the two
# minutes that the platform names, for what comes later than that cannot be told from nothing.
REVIEW_S = {"wechat": (60, 600, 7200), "weibo": (30, 100), "douyin": (60, 1800)}
LATENCY_S = (1.0, 4.0, 6.0, 45.0, 90.0)

WAITS = st.sampled_from([1, 10, 20, 60, 100, LEASE_S + 1, 260, 600, 1800, 3600, 6 * 3600])
WRONG_S = (-50, -5, 0, 0, 5, 50)

tally = Tally()
_district: list[District] = []


class How(StrEnum):
    """What the bots do."""

    GO_ON = "go on"  # with what they have begun
    TICK = "tick"  # claim what is due; the messages wait
    START = "start"  # claim, deliver all there is, and leave it half done
    BOTH = "both"  # the same, and every message goes to both
    ROUND = "round"  # claim, deliver, and finish


@dataclass(frozen=True)
class Job:
    """So many iterations of work, for which a bot may be too short-lived."""

    how: How
    bot: int
    rounds: int
    death: int | None


JOBS = st.builds(
    Job,
    how=st.sampled_from([How.GO_ON, How.TICK, How.START, How.START, How.BOTH, How.ROUND]),
    bot=BOTS,
    rounds=st.integers(0, 100),
    death=st.none() | st.none() | st.integers(0, 150),
)


@st.composite
def faults(draw: st.DrawFn) -> Data:
    """Something that goes wrong with the next calls of one account."""
    account = draw(st.sampled_from(ACCOUNTS))
    platform = account.partition("-")[2]
    kind = draw(st.sampled_from([*PLAIN, *PLAIN, "status", "latency", "code", "review"]))
    where = draw(st.sampled_from(["publishing", "publishing", "preparing", "any"]))
    paths = {"publishing": PUBLISHING, "preparing": PREPARING}.get(where, {})
    fault: Data = {"platform": platform, "account": account, "times": draw(st.integers(1, 3))}
    if platform in paths:
        fault["path"] = draw(st.sampled_from(paths[platform]))
    if kind == "status":
        fault["kind"] = draw(st.sampled_from(["status_before", "status_after"]))
        return fault | {"status": draw(st.sampled_from([500, 502, 503, 504]))}
    if kind == "latency":
        return fault | {"kind": kind, "seconds": draw(st.sampled_from(LATENCY_S))}
    if kind == "code":
        return fault | {"kind": kind, "code": draw(st.sampled_from(CODES[platform]))}
    if kind == "review":
        fault.pop("path", None)
        slow = platform == "weibo" or draw(st.booleans())  # Weibo refuses nothing in silence
        if slow:
            seconds = float(draw(st.sampled_from(REVIEW_S[platform])))
            return fault | {"kind": "slow_review", "seconds": seconds}
        return fault | {"kind": "refuse_review"}
    return fault | {"kind": kind}


class AtMostOnce(RuleBasedStateMachine):
    """Two bots, the platforms, people, and everything that goes wrong between them."""

    def __init__(self) -> None:
        super().__init__()
        self.district = _district[0]
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
            await app.queue.put(message)

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
        if job.how in {How.START, How.ROUND, How.BOTH}:
            self._deliver_all(job)
        if job.how is How.ROUND:
            self.district.settle_down()
        self.district.stage.play(rounds=job.rounds)

    def _deliver_all(self, job: Job) -> None:
        while self.box:
            message = self.box.pop(0)
            self.deliver(job.bot, message)
            if job.how is How.BOTH:
                tally.add("messages doubled")
                self.deliver(1 - job.bot, message)

    def _doom(self, bot: int, steps: int) -> None:
        """The bot will die after so many iterations of its loop in which it had work."""
        self.bot(bot).app()
        loop = self.bot(bot).loop
        if loop is not None:
            loop.doom = steps

    # ── the beginning ─────────────────────────────────────────────────────────────────────────

    @initialize(guarded=st.booleans(), first=st.lists(faults(), max_size=4))
    def begin(self, guarded: bool, first: list[Data]) -> None:
        """Ten o'clock. Weibo's own guard against equal texts would hide a double from us."""
        tally.add("examples")
        if not guarded:
            self.district.platforms.ask("POST", "settings", {"weibo_duplicate_s": 0.0})
        self.district.stage.move_to(3600)
        for fault in first:
            self.district.platforms.ask("POST", "faults", fault)

    # ── messages ──────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.box)
    @rule(number=ANY, job=JOBS)
    def deliver_one(self, number: int, job: Job) -> None:
        """One message overtakes the others."""
        self.deliver(job.bot, self.box.pop(number % len(self.box)))
        self.work(job)

    @precondition(lambda self: self.box)
    @rule(number=ANY, job=JOBS)
    def double(self, number: int, job: Job) -> None:
        """A message arrives at both workers, and stays to come again."""
        tally.add("messages doubled")
        message = self.box[number % len(self.box)]
        for bot in (0, 1):
            self.deliver(bot, message)
        self.work(job)

    @precondition(lambda self: self.box)
    @rule(number=ANY, job=JOBS)
    def lose(self, number: int, job: Job) -> None:
        """The queue loses a message."""
        tally.add("messages lost")
        self.box.pop(number % len(self.box))
        self.work(job)

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
        tally.add("messages delayed", len(self.box))
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
        for account in ACCOUNTS:
            self.district.authorise(bot, account)
            bot.do(people.pause(account, False))

    def _work_off(self) -> None:
        stage = self.district.stage
        end = people.now(stage) + HORIZON
        for number in range(ROUNDS_MAX):
            self.work(Job(How.ROUND, number % 2, 0, None))
            due = stage.finish(self.district.platforms.loop, self._next_due())
            if due is None or due > end:
                return
            stage.move_to(stage.now_s + max(0.0, (due - people.now(stage)).total_seconds()))
        raise AssertionError(f"no end after {ROUNDS_MAX} rounds:\n{self.laws.everything()}")

    async def _next_due(self) -> object:
        async with self.district.ledger.read() as conn:
            return await publications.next_due(conn)

    def _look_for(self, pub: Publication) -> None:
        for word in ("confirm", "not_published"):
            link = people.honest(word, pub, self.laws, self.district.stage)
            if link is not None:
                self.bot(0).do(people.decide(word, pub, link))
                return


@contextmanager
def _stage_set() -> Iterator[None]:
    """Platforms for all examples; silence about what the dead leave behind."""
    logs.configure("critical")
    noisy = [logging.getLogger(name) for name in ("sqlalchemy.pool", "aiohttp.server")]
    for one in noisy:
        one.disabled = True
    with tempfile.TemporaryDirectory() as folder:
        district = District(Path(folder), os.environ.get(LEDGER_URL, ""))
        _district[:] = [district]
        try:
            yield
        finally:
            district.close()
            for one in noisy:
                one.disabled = False
            _district.clear()


def _profile(*, derandomize: bool) -> settings:
    return settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=derandomize,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


# A process that was killed closes no files; here the files of the dead are closed by the collector.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.timeout(SOAK_S + 600)
def test_at_most_once_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    """Sixty examples of thirty steps; or as many as fit into BOT_SOAK_SECONDS."""
    begun = time.monotonic()
    try:
        with _stage_set():
            if not SOAK_S:
                run_state_machine_as_test(AtMostOnce, settings=_profile(derandomize=True))
            while time.monotonic() - begun < SOAK_S:
                chosen = int(SOAK_SEED or random.SystemRandom().getrandbits(32))
                tally.seeds.append(chosen)
                machine = seed(chosen)(type("AtMostOnce", (AtMostOnce,), {}))
                run_state_machine_as_test(machine, settings=_profile(derandomize=False))
    finally:
        tally.add("seconds", round(time.monotonic() - begun))
        tally.report("state machine")
        with capsys.disabled():
            print(f"\nat most once: survived {tally.line()}; seeds {tally.seeds or 'fixed'}")
    assert tally.counts["deaths"] > 0
    assert tally.counts["faults"] > 0
    assert tally.counts["published"] > 0
