"""The suite every adapter inherits: what the contract promises, tried on a running platform.

A test class inherits `AdapterContract` (all adapters) or `PublishingContract` (those whose
`capabilities.publishes` is true), and gives a `stage` fixture. What an adapter can do beyond that
is read from its capabilities; nothing is skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.contract import Checkpoint, Corrects, Finding, Item, Pending, Receipt, Withdraws
from bot.domain.problem import has_errors
from bot.errors import (
    AuthFailed,
    ContractBroken,
    Gone,
    OutcomeUnknown,
    PlatformError,
    Rejected,
    Unavailable,
)
from tests.adapters.stage import Stage

LOST_ANSWERS: Sequence[tuple[str, dict[str, object]]] = (
    ("lost_answer", {}),
    ("status_after", {"status": 502}),
    ("html", {}),
    ("empty", {}),
)
BROKEN_READS = ("html", "empty", "missing_code", "string_numbers")


async def listed(stage: Stage) -> list[Item]:
    """What `recent` lists of the last two days."""
    since = stage.clock.now() - timedelta(days=2)
    return [item async for item in stage.adapter.recent(since)]


def assert_typed(error: PlatformError, stage: Stage) -> None:
    """An error says which platform and action, is fit to show, and keeps the secrets."""
    assert error.platform == stage.adapter.name
    assert error.action
    assert error.message


class AdapterContract:
    """Holds for every adapter, hand-off ones included."""

    @pytest.fixture
    def stage(self) -> Stage:
        """To be overridden: a fresh platform with one account on it."""
        raise NotImplementedError

    async def test_check_accepts_a_good_variant(self, stage: Stage) -> None:
        assert not has_errors(stage.adapter.check(stage.variant, stage.account))

    async def test_check_finds_an_empty_post(self, stage: Stage) -> None:
        empty = replace(
            stage.variant, title="", text="", body="", cover=None, images=(), inline=(), video=None
        )
        problems = stage.adapter.check(empty, stage.account)
        assert has_errors(problems)
        assert all(problem.code and problem.message for problem in problems)

    async def test_check_needs_no_platform(self, stage: Stage) -> None:
        before = stage.adapter.check(stage.variant, stage.account)
        await stage.unplug()
        assert stage.adapter.check(stage.variant, stage.account) == before

    async def test_prepare_makes_nothing_public(self, stage: Stage) -> None:
        await stage.prepared()
        await stage.forward(timedelta(hours=1))
        assert await stage.public_posts() == 0

    async def test_prepare_goes_on_from_every_checkpoint(self, stage: Stage) -> None:
        """A crash after any step loses at most that step."""
        for done in await stage.checkpoints():
            steps = 0
            while not done.ready:
                done = await stage.adapter.prepare(stage.variant, done)
                steps += 1
                assert steps < 60
        assert await stage.public_posts() == 0

    async def test_checkpoints_are_plain_text(self, stage: Stage) -> None:
        for done in await stage.checkpoints():
            assert all(isinstance(k, str) and isinstance(v, str) for k, v in done.data.items())

    async def test_capabilities_agree_with_themselves(self, stage: Stage) -> None:
        able = stage.adapter.capabilities
        assert able.title
        assert not able.idempotent or able.key_life_s > 0
        assert able.publishes or not able.idempotent


class PublishingContract(AdapterContract):
    """Holds for adapters that publish through a platform's API."""

    async def test_commit_publishes_exactly_one(self, stage: Stage) -> None:
        await stage.published()
        assert await stage.public_posts() == 1

    async def test_prepare_repeated_still_gives_one_post(self, stage: Stage) -> None:
        await stage.prepared()
        await stage.published()
        assert await stage.public_posts() == 1

    async def test_the_receipt_names_what_recent_lists(self, stage: Stage) -> None:
        _, receipt = await stage.published()
        assert receipt.platform_id or receipt.url
        if stage.adapter.capabilities.recent:
            await stage.forward(stage.listed_after)
            assert [item.platform_id for item in await listed(stage)] == [receipt.platform_id]

    async def test_recent_is_empty_before_anything_is_published(self, stage: Stage) -> None:
        if stage.adapter.capabilities.recent:
            assert await listed(stage) == []

    async def test_find_is_read_only_and_repeatable(self, stage: Stage) -> None:
        done, receipt = await stage.published()
        again = await stage.settled(done, await stage.look(done))
        assert isinstance(again, Receipt)
        assert again.platform_id == receipt.platform_id
        assert await stage.public_posts() == 1

    @pytest.mark.parametrize(("kind", "more"), LOST_ANSWERS)
    async def test_a_lost_answer_is_found_again(
        self, stage: Stage, kind: str, more: dict[str, object]
    ) -> None:
        """Published, and we were not told: `find` tells, and nothing is published twice."""
        done = stage.granted(await stage.prepared())
        await stage.fault(kind, path=stage.commit_path, **more)
        with pytest.raises(OutcomeUnknown) as raised:
            await stage.commit(done)
        assert_typed(raised.value, stage)
        await stage.forward(timedelta(seconds=stage.adapter.capabilities.settle_s))
        if stage.adapter.capabilities.finding is Finding.SURE:
            assert isinstance(await stage.settled(done, await stage.look(done)), Receipt)
        assert await stage.public_posts() == 1

    @pytest.mark.parametrize(
        ("kind", "more"), [("drop_before", {}), ("status_before", {"status": 503})]
    )
    async def test_an_unpublished_loss_is_found_absent(
        self, stage: Stage, kind: str, more: dict[str, object]
    ) -> None:
        """Not published, and we cannot know: `find` says it is not there, a new commit may go."""
        done = stage.granted(await stage.prepared())
        await stage.fault(kind, path=stage.commit_path, **more)
        with pytest.raises(OutcomeUnknown):
            await stage.commit(done)
        await stage.forward(timedelta(seconds=stage.adapter.capabilities.settle_s))
        assert await stage.public_posts() == 0
        if stage.adapter.capabilities.finding is Finding.SURE:
            assert await stage.look(done) is None
            done = stage.granted(done)
            assert isinstance(await stage.settled(done, await stage.commit(done)), Receipt)
            assert await stage.public_posts() == 1

    async def test_a_refused_connection_is_surely_unpublished(self, stage: Stage) -> None:
        done = stage.granted(await stage.prepared())
        await stage.unplug()
        with pytest.raises(Unavailable) as raised:
            await stage.commit(done)
        assert_typed(raised.value, stage)

    async def test_prepare_without_a_platform_is_unavailable(self, stage: Stage) -> None:
        await stage.unplug()
        with pytest.raises(Unavailable):
            await stage.prepared()

    @pytest.mark.parametrize("kind", BROKEN_READS)
    async def test_strange_answers_are_typed_errors(self, stage: Stage, kind: str) -> None:
        """Whatever the platform answers, the engine sees a result or an error it knows."""
        done = stage.granted(await stage.prepared())
        outcome = await stage.commit(done)
        pending = outcome if isinstance(outcome, Pending) else None
        await stage.fault(kind, times=1)
        try:
            await stage.look(done, pending)
        except (Unavailable, ContractBroken) as error:
            assert_typed(error, stage)
        await stage.settled(done, outcome)
        assert await stage.public_posts() == 1

    @pytest.mark.parametrize("kind", ["missing_code", "string_numbers"])
    async def test_odd_but_whole_answers_never_lead_to_two_posts(
        self, stage: Stage, kind: str
    ) -> None:
        done = stage.granted(await stage.prepared())
        await stage.fault(kind, path=stage.commit_path)
        outcome: Receipt | Pending | None = None
        try:
            outcome = await stage.commit(done)
        except OutcomeUnknown:
            await stage.forward(timedelta(seconds=stage.adapter.capabilities.settle_s))
            outcome = await stage.look(done)
        assert isinstance(await stage.settled(done, outcome), Receipt)
        assert await stage.public_posts() == 1

    async def test_a_dead_token_is_replaced_or_reported(self, stage: Stage) -> None:
        await stage.prepared()
        await stage.expire_token()
        try:
            await stage.published()
        except AuthFailed as error:
            assert_typed(error, stage)
        else:
            assert await stage.public_posts() == 1

    async def test_refused_content_is_rejected(self, stage: Stage) -> None:
        done = stage.granted(await stage.prepared())
        await stage.fault("refuse_review")
        with pytest.raises(Rejected) as raised:
            await stage.settled(done, await stage.commit(done))
        assert raised.value.advice or raised.value.message
        assert await stage.public_posts() == 0

    async def test_stat_gives_readings_with_their_time(self, stage: Stage) -> None:
        _, receipt = await stage.published()
        await stage.forward(timedelta(days=2))
        stats = await stage.adapter.stat([receipt])
        if not stage.adapter.capabilities.stat:
            assert stats == []
        for stat in stats:
            assert stat.platform_id == receipt.platform_id
            assert receipt.published_at <= stat.as_of <= stage.clock.now()

    async def test_an_unfinished_checkpoint_is_not_committed(self, stage: Stage) -> None:
        with pytest.raises(PlatformError):
            await stage.commit(stage.granted(Checkpoint()))
        assert await stage.public_posts() == 0


class CorrectingContract(PublishingContract):
    """Holds for adapters that change a public post in place."""

    async def test_a_correction_changes_the_post_and_makes_none(self, stage: Stage) -> None:
        """Twice, as after a crash; the post keeps its id, and `find` still knows it."""
        assert isinstance(stage.adapter, Corrects)
        done, receipt = await stage.published()
        right = replace(stage.variant, text="更正后的文字。", body="")
        for _time in range(2):
            await stage.adapter.correct(receipt, right, done)
        assert await stage.public_posts() == 1
        found = await stage.look(done)
        assert isinstance(found, Receipt)
        assert found.platform_id == receipt.platform_id
        [item] = await listed(stage)
        assert "更正后的文字" in item.text

    @pytest.mark.parametrize("kind", ["status_before", "lost_answer"])
    async def test_a_correction_without_an_answer_may_be_repeated(
        self, stage: Stage, kind: str
    ) -> None:
        assert isinstance(stage.adapter, Corrects)
        done, receipt = await stage.published()
        more = {"status": 503} if kind == "status_before" else {}
        await stage.fault(kind, path=stage.commit_path, **more)
        with pytest.raises(Unavailable) as raised:
            await stage.adapter.correct(receipt, stage.variant, done)
        assert_typed(raised.value, stage)
        await stage.adapter.correct(receipt, stage.variant, done)
        assert await stage.public_posts() == 1

    async def test_what_was_taken_down_is_not_brought_back(self, stage: Stage) -> None:
        assert isinstance(stage.adapter, Corrects)
        assert isinstance(stage.adapter, Withdraws)
        done, receipt = await stage.published()
        await stage.adapter.withdraw(receipt)
        with pytest.raises(Gone) as raised:
            await stage.adapter.correct(receipt, stage.variant, done)
        assert_typed(raised.value, stage)
        assert await stage.public_posts() == 0
