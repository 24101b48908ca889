"""The grant and the review: asked in the transaction that writes `sending`, whoever else writes."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from sqlalchemy import update

from bot.domain import transitions
from bot.domain.post import Method
from bot.domain.publication import Hold, State
from bot.domain.review import NO_REVIEW, Level, Review, Said
from bot.ledger import approvals, controls, journal, publications, recalls
from bot.ledger.journal import Applied, Journal, Move, Refusal
from bot.ledger.store import Ledger
from bot.ledger.tables import posts
from bot.ledger.tables import publications as rows
from tests.bot.ledger.stand import LATER, NOW, add, get, ledger
from tests.pairs import Pair

LEASE = "lease-of-mine"
THREE = Review(levels=(Level.FIRST, Level.SECOND, Level.FINAL))
ROUNDS = 10


async def queued(opened: Ledger, count: int = 1) -> list[int]:
    """Publications that a worker has taken under its lease."""
    ids = await add(opened, count)
    claim = transitions.claim(lease_until=LATER)
    async with opened.write() as conn:
        await journal.apply(conn, [Move(publication=pub, step=claim) for pub in ids], NOW)
        await publications.take(conn, ids, {State.QUEUED}, lease=LEASE, until=LATER)
    return ids


def grant(pub: int, review: Review) -> Move:
    step = transitions.grant(
        now=NOW, lease=LEASE, lease_until=LATER, commits=1, method=Method.PUBLISH
    )
    return Move(publication=pub, step=step, lease=LEASE, gated=True, review=review)


async def say(
    opened: Ledger, pub: int, level: Level, said: Said = Said.APPROVED, digest: str = ""
) -> State:
    """A reviewer's word as bot/engine/reviewing.py enters it; how the publication stood then."""
    known = await get(opened, pub)
    async with opened.write() as conn:
        await recalls.lock(conn, known.post)
        now_is = await publications.get(conn, pub)
        assert now_is is not None
        version = (known.post, digest or known.content_hash)
        await approvals.add(conn, version, level, said, by="chu", deputy_of="", note="", now=NOW)
    return now_is.state


async def one(opened: Ledger, move: Move) -> Applied:
    return (await Journal(opened).apply(move, now=NOW))[0]


async def test_it_is_granted_when_the_last_word_of_every_level_is_yes(pair: Pair) -> None:
    """Of this very version, by the levels the settings and the column ask for now."""
    async with ledger(pair) as opened:
        pub, other = await queued(opened, 2)
        move, foreign = grant(pub, THREE), (await get(opened, other)).content_hash
        assert (await one(opened, move)).refusal is Refusal.UNREVIEWED
        for level in (Level.FIRST, Level.SECOND):
            await say(opened, pub, level)
        await say(opened, pub, Level.FINAL, digest=foreign)
        assert (await one(opened, move)).refusal is Refusal.UNREVIEWED
        await say(opened, pub, Level.FINAL)
        await say(opened, pub, Level.FIRST, Said.REFUSED)
        assert (await one(opened, move)).refusal is Refusal.UNREVIEWED
        assert (await get(opened, pub)).commits == 0
        await say(opened, pub, Level.FIRST)
        given = transitions.hand_off(package="p")
        column = Review(columns={"科普": THREE.levels})
        async with opened.write() as conn:
            await conn.execute(update(posts).values(column="科普"))
        package = Move(publication=other, step=given, lease=LEASE, gated=True, review=column)
        assert (await one(opened, package)).refusal is Refusal.UNREVIEWED
        assert (await one(opened, move)).ok


async def test_a_grant_asks_for_what_the_ledger_knows_whatever_its_process_was_told(
    pair: Pair,
) -> None:
    async with ledger(pair) as opened:
        pub, other = await queued(opened, 2)
        async with opened.write() as conn:
            await controls.declare(conn, Review(columns={"": (Level.FIRST,)}), NOW)
        assert (await one(opened, grant(pub, NO_REVIEW))).refusal is Refusal.UNREVIEWED
        await say(opened, pub, Level.FIRST)
        final = Review(levels=(Level.FINAL,))
        assert (await one(opened, grant(pub, final))).refusal is Refusal.UNREVIEWED
        assert (await one(opened, grant(pub, NO_REVIEW))).ok
        async with opened.write() as conn:
            await controls.declare(conn, NO_REVIEW, NOW)
        assert (await one(opened, grant(other, NO_REVIEW))).ok


async def test_a_hold_for_a_review_that_came_meanwhile_is_looked_at_at_once(pair: Pair) -> None:
    """Whoever said yes has woken what was held by then, and comes back no more."""
    async with ledger(pair) as opened:
        early, late = await queued(opened, 2)
        step = transitions.hold(Hold.REVIEW, look_at=LATER)
        for level in Level:
            await say(opened, early, level)
        for pub in (early, late):
            await one(opened, Move(publication=pub, step=step, lease=LEASE, review=THREE))
        assert (await get(opened, early)).next_at == NOW
        assert (await get(opened, late)).next_at == LATER


async def test_whatever_is_said_and_edited_a_grant_needs_every_last_word(tmp_path: Path) -> None:
    """Random words, edits and grants, with settings that change between them."""
    chance, granted, words = random.Random(7), 0, dict[tuple[int, str, Level], Said]()
    policies = [NO_REVIEW, THREE, Review(levels=(Level.FIRST, Level.FINAL))]
    async with ledger(tmp_path) as opened:
        ids = await queued(opened, 2)
        texts = [(await get(opened, pub)).content_hash for pub in ids]
        for _round in range(80):
            pub, digest = chance.choice(ids), chance.choice(texts)
            if chance.random() < 0.6:
                level, said = (
                    chance.choice(list(Level)),
                    chance.choice([*Said, *[Said.APPROVED] * 3]),
                )
                words[pub, digest, level] = said
                await say(opened, pub, level, said, digest)
                continue
            if chance.random() < 0.5:
                await edit(opened, pub, digest)
            review, now_is = chance.choice(policies), (await get(opened, pub)).content_hash
            passed = all(
                words.get((pub, now_is, level)) is Said.APPROVED for level in review.levels
            )
            assert (await one(opened, grant(pub, review))).ok is passed
            granted += passed and bool(review.levels)
            if passed:
                await edit(opened, pub, now_is)
    assert granted > 3


async def edit(opened: Ledger, pub: int, digest: str) -> None:
    """The publication under the lease again, with this text."""
    async with opened.write() as conn:
        again = {"state": State.QUEUED.value, "lease": LEASE, "content_hash": digest}
        await conn.execute(update(rows).where(rows.c.id == pub).values(**again, commits=0))


async def test_a_refusal_and_a_grant_at_once_come_one_after_the_other(pair: Pair) -> None:
    """Either the grant heeds the refusal, or the reviewer sees that it is being sent."""
    async with ledger(pair) as opened:
        ids = await queued(opened, ROUNDS)
        only = Review(levels=(Level.FINAL,))
        for pub in ids:
            await say(opened, pub, Level.FINAL)
        done = await asyncio.gather(
            *(
                asyncio.gather(
                    one(opened, grant(pub, only)), say(opened, pub, Level.FINAL, Said.REFUSED)
                )
                for pub in ids
            )
        )
        for granted, seen in done:
            assert granted.ok == (seen is State.SENDING)
