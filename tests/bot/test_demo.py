"""The sample month, played once: what it promises to show is there, and both records agree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.demo.compare import everything, made_by_bot
from bot.domain.counts import parse_span
from bot.domain.coverage import CellState, ItemCoverage
from bot.domain.gaps import GapRules
from bot.domain.post import Kind
from bot.domain.publication import Publication, Role, State, owed_by
from bot.domain.recall import How, StepState
from bot.engine import answers, people, recall_tasks
from bot.ledger import publications, recalls
from bot.settings import Settings
from tests.bot.engine.world import check_history
from tests.played import Month as Played

ROOT = Path(__file__).parents[2]
GRID = ROOT / "tests" / "golden" / "demo-grid.txt"
LETTERS = {
    CellState.ON_TIME: "O",
    CellState.LATE: "L",
    CellState.MISSING: "M",
    CellState.UNKNOWN: "U",
    CellState.EXEMPT: "E",
}
K1, K3, K4, K5 = "k1-family-doctor", "k3-nurses-day", "k4-long-prescription", "k5-heat-warning"
OPEN = StepState.OPEN
FAULTY = ["0514-clinic-claim", "0518-reprint-upper", "0521-volunteer-news", "0526-recovery-story"]


@dataclass(frozen=True, kw_only=True)
class Month:
    """The month after it was played."""

    app: App
    settings: Settings
    posts: list[dict[str, Any]]  # the platforms' own record of what is public

    async def pub(self, name: str) -> Publication:
        """The publication POST@ACCOUNT."""
        return await people.get(self.app.core, name)

    async def coverage(self) -> list[ItemCoverage]:
        """All key items of May."""
        span = parse_span("2026-05", self.settings.zone)
        found, _members = await answers.coverage(self.app.core, since=span.since, until=span.until)
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def month(played: Played, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Month]:
    """Played from 30 April to 2 June."""
    end = played.end.copy(tmp_path_factory.mktemp("demo"))
    async with open_app(end.settings, clock=VirtualClock(end.now)) as app:
        yield Month(app=app, settings=end.settings, posts=played.posts)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_grid_is_the_one_drawn_by_hand(month: Month) -> None:
    """Six key items, 24 units: on time, late, missing, unknown, exempt."""
    items = await month.coverage()
    units = [row.unit for row in items[0].units]
    drawn = [f"{'':5} " + " ".join(item.post[:2] for item in items)]
    for place, unit in enumerate(units):
        letters = "  ".join(LETTERS[item.units[place].state] for item in items)
        drawn.append(f"{unit:5} {letters}")
    assert "\n".join(drawn) + "\n" == GRID.read_text(encoding="utf-8")


async def test_ledger_and_platforms_agree_post_by_post(month: Month) -> None:
    """What the bot made, and all there is; doubled messages and a power failure among it."""
    by_bot = await made_by_bot(month.app.core, month.posts)
    assert (by_bot.only_platforms, by_bot.only_ledger) == ((), ())
    assert by_bot.platforms == by_bot.ledger > 200
    whole = await everything(month.app.core, month.posts)
    assert (whole.only_platforms, whole.only_ledger) == ((), ())
    assert whole.platforms > by_bot.platforms


async def test_no_post_went_out_twice(month: Month) -> None:
    """By what it says, not by what the ledger says."""
    made = [post for post in month.posts if post["via"] == "api"]
    said = [(post["account"], post["title"], post["text"]) for post in made]
    assert len(said) == len(set(said))


async def test_everything_is_in_one_state_with_an_owner_and_its_events(month: Month) -> None:
    """And once the month is over, nobody but people owe anything."""
    async with month.app.core.ledger.read() as conn:
        pubs = await publications.search(conn)
        for pub in pubs:
            check_history(pub, await publications.history(conn, pub.id))
    assert len(pubs) > 250
    assert await answers.nobody_answers_for(month.app.core) == []
    waiting = {pub.id for pub in await answers.needs_people(month.app.core)}
    assert {
        pub.id for pub in pubs if pub.state not in {State.PUBLISHED, State.CANCELLED}
    } == waiting


async def test_a_hospital_was_silent_for_nineteen_days(month: Month) -> None:
    """u14-wechat, from 7 to 26 May."""
    span = parse_span("2026-05", month.settings.zone)
    found, _members = await answers.gaps(
        month.app.core,
        since=span.since,
        until=span.until,
        zone=month.settings.zone,
        rules=GapRules(),
    )
    (gap,) = [one for one in found if one.account == "u14-wechat"]
    assert gap.max_gap_days == 19
    assert gap.met is False
    assert len(gap.lapsed) == 1


async def test_a_spent_quota_is_learnt_from_the_platform_and_missed(month: Month) -> None:
    """u05-service had sent four times by hand: 45028, and no post."""
    pubs = await _of_account(month, "u05-service")
    missed = [pub for pub in pubs if pub.state is State.MISSED]
    assert missed
    async with month.app.core.ledger.read() as conn:
        events = [event for pub in missed for event in await publications.history(conn, pub.id)]
    codes = [event["facts"].get("error", {}).get("code") for event in events]
    assert "45028" in codes


async def test_an_account_under_another_name_never_posted(month: Month) -> None:
    """u09-weibo: the verified name is not the unit's."""
    pubs = await _of_account(month, "u09-weibo")
    assert pubs
    for pub in pubs:
        assert (pub.state, pub.reason) == (State.MISSED, "account_not_registered")
    posts = [post for post in month.posts if post["account"] == "u09-weibo"]
    assert [post for post in posts if post["via"] == "api"] == []


async def test_a_declared_original_was_refused(month: Month) -> None:
    """u19 was not on the whitelist of k3: its liaison has it, and has not carried it by hand."""
    pub = await month.pub(f"{K3}@u19-wechat")
    assert (pub.state, pub.fallback) == (State.HANDED_OFF, "not_whitelisted")
    async with month.app.core.ledger.read() as conn:
        history = await publications.history(conn, pub.id)
    assert "原创" in str([event["facts"] for event in history])
    assert owed_by(pub.state, pub.reason, pub.next_at) is Role.LIAISON


async def test_an_account_whose_authorisation_ended_is_paused(month: Month) -> None:
    """u06-weibo: nothing went out, and it says why."""
    pubs = await _of_account(month, "u06-weibo")
    assert pubs
    for pub in pubs:
        assert (pub.state, pub.reason) == (State.MISSED, "account_paused")


async def test_a_copy_without_its_source_is_marked(month: Month) -> None:
    """u24-service carried k4 and left the source line out."""
    (k4,) = [item for item in await month.coverage() if item.post == K4]
    (row,) = [row for row in k4.accounts if row.account == "u24-service"]
    assert "source missing" in row.evidence


async def test_a_reprint_by_hand_was_late(month: Month) -> None:
    """u23-wechat carried k1 two hours after the deadline."""
    (k1,) = [item for item in await month.coverage() if item.post == K1]
    (row,) = [row for row in k1.accounts if row.account == "u23-wechat"]
    assert row.state is CellState.LATE
    assert row.at is not None
    assert timedelta() < row.at - k1.deadline_at <= timedelta(hours=3)


async def test_a_late_correction_is_told_to_those_who_had_it(month: Month) -> None:
    """k5 was corrected after nine reprints: those and two first releases carry old words."""
    changed = [pub for pub in await answers.changed_after(month.app.core) if pub.post == K5]
    assert len(changed) == 11
    assert len([pub for pub in changed if pub.kind is Kind.REPRINT]) == 9


async def test_the_correction_says_who_still_carries_the_old_version(month: Month) -> None:
    """Nine reprints and two first releases; on Weibo both versions read the same."""
    async with month.app.core.ledger.read() as conn:
        (recall,) = await recalls.every(conn, post=K5)
        steps = await recalls.steps(conn, [recall.id])
        found = await recall_tasks.changes(conn, recall, steps[0].version)
    assert len(steps) == 11
    assert {step.version for step in steps}.isdisjoint({recall.content_hash})
    by_hand = {step.account for step in steps if (step.how, step.state) == (How.TASK, OPEN)}
    assert len(by_hand) == 7
    assert all(name.endswith("-wechat") for name in by_hand)
    assert {step.state for step in steps if step.account not in by_hand} == {StepState.NEEDLESS}
    assert len([one for one in found if "二十一处" in one.words]) == 1


async def test_posts_with_an_error_never_went_out(month: Month) -> None:
    """The four planted ones: a claim, a reprint without source, a personal number, a story."""
    async with month.app.core.ledger.read() as conn:
        pubs = await publications.of_posts(conn, FAULTY)
    assert {pub.post for pub in pubs} == set(FAULTY)
    for pub in pubs:
        assert (pub.state, pub.reason, pub.commits) == (State.MISSED, "check_failed", 0)


async def _of_account(month: Month, account: str) -> list[Publication]:
    async with month.app.core.ledger.read() as conn:
        return await publications.search(conn, account=account)
