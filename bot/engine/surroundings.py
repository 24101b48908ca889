"""What surrounds publications at this moment: accounts, units, freeze, first releases."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.admission import Standing
from bot.domain.publication import Publication
from bot.domain.review import Level, Review, missing
from bot.domain.roster import Roster
from bot.ledger import approvals, journal, posts, recalls, roster
from bot.ledger.approvals import Version
from bot.ledger.connection import Connection
from bot.ledger.posts import StoredPost
from bot.ledger.roster import Health


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Read in one go for any number of publications."""

    roster: Roster
    health: Mapping[str, Health]
    posts: Mapping[str, StoredPost]
    frozen: bool
    withdrawn: Collection[str] = frozenset()  # posts a person took back
    review: Review
    approved: Mapping[Version, Collection[Level]]

    def standing(self, pub: Publication, now: datetime) -> Standing:
        """What matters for this one."""
        account, post = self.roster.accounts[pub.account], self.posts[pub.post]
        said = self.approved.get((pub.post, pub.content_hash), ())
        return Standing(
            account=account,
            unit=self.roster.units[account.unit],
            paused=self.health[account.id].paused,
            frozen=self.frozen,
            first_release_at=post.first_release_at,
            now=now,
            withdrawn=pub.post in self.withdrawn,
            unreviewed=bool(missing(self.review.required(post.column), said)),
        )


async def load(conn: Connection, ids: Collection[str], review: Review) -> Surroundings:
    """The surroundings of all publications of these posts."""
    return Surroundings(
        roster=await roster.load(conn),
        health=await roster.health(conn),
        posts=await posts.some_posts(conn, ids),
        frozen=await journal.is_frozen(conn),
        withdrawn=frozenset(await recalls.withdrawn(conn, ids)),
        review=review,
        approved={} if review.off else await approvals.approved(conn, ids),
    )
