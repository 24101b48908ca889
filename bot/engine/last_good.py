"""Whether the last good version of a post, in force while its edit has an error, still is good.

What a post says is in the ledger; on what grounds it may go out (consent, reviewer, embargo, the
office's words, the rules it may ignore) is what the calendar says now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.planning import IN_FLIGHT, OPEN
from bot.domain.post import Post
from bot.domain.problem import Severity
from bot.domain.publication import Publication
from bot.domain.step import terms_of
from bot.engine.ignored import sift
from bot.ledger import publications
from bot.ledger.connection import Connection
from bot.ledger.posts import decode
from bot.schedule.checking import Checks
from bot.schedule.reader import Reading


async def still_good(
    conn: Connection, edited: Collection[str], known: Sequence[Publication], reading: Reading
) -> frozenset[str]:
    """Those of the posts `edited` whose last good version may go out as things stand now."""
    open_ones = [pub for pub in known if pub.post in edited and pub.state in OPEN | IN_FLIGHT]
    hashes = {digest for pub in open_ones for digest, *_when in _versions(pub)}
    bodies = await publications.bodies(conn, hashes)
    posts = {post.id: post for post in reading.posts}
    checks = Checks(options=reading.options, days=reading.days, words=reading.words)
    lost = {
        pub.post
        for pub in open_ones
        if any(
            _too_early(due_at, not_before, posts[pub.post])
            or _is_wrong(_on_present_grounds(bodies, digest, posts[pub.post]), checks, reading)
            for digest, due_at, not_before in _versions(pub)
        )
    }
    return frozenset(edited) - lost


def _versions(pub: Publication) -> list[tuple[str, datetime, datetime | None]]:
    """What may yet go out by itself: the row's version, and the one noted while it is in doubt."""
    found = [(pub.content_hash, pub.due_at, pub.not_before)]
    if pub.wanted:
        terms = terms_of(pub.wanted)
        found.append((terms.content_hash, terms.due_at, terms.not_before))
    return found


def _too_early(due_at: datetime, not_before: datetime | None, post: Post) -> bool:
    """True when an embargo that the version does not know yet ends after its time."""
    until = post.embargo_until
    return until is not None and due_at < until and (not_before is None or not_before < until)


def _on_present_grounds(bodies: Mapping[str, Any], digest: str, post: Post) -> Post:
    return replace(
        decode(bodies[digest]),
        topic=post.topic,
        reviewer=post.reviewer,
        patient_story=post.patient_story,
        consent=post.consent,
        place=post.place,
    )


def _is_wrong(post: Post, checks: Checks, reading: Reading) -> bool:
    found = sift(checks.standing(post), reading).kept
    return any(one.severity is Severity.ERROR and one.post == post.id for one in found)
