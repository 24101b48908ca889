"""Everything a batch of publications needs to know, read in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.contract import Capabilities, Checkpoint
from bot.domain.post import Kind, Post, Variant
from bot.domain.publication import Publication
from bot.domain.roster import Account, Roster, Unit
from bot.domain.variants import make_variant
from bot.engine.ports import Core
from bot.ledger import posts, publications, roster
from bot.ledger.posts import StoredPost, decode
from bot.ledger.roster import Health


@dataclass(frozen=True, kw_only=True)
class Context:
    """The ledger's knowledge around a batch."""

    roster: Roster
    health: Mapping[str, Health]
    contents: Mapping[str, Post]  # by content hash
    posts: Mapping[str, StoredPost]
    links: Mapping[str, Mapping[str, str]]  # post → platform → the flagship's link

    def account(self, pub: Publication) -> Account:
        return self.roster.accounts[pub.account]

    def unit(self, pub: Publication) -> Unit:
        return self.roster.units[pub.unit]

    def first_release_at(self, pub: Publication) -> datetime | None:
        return self.posts[pub.post].first_release_at


async def load(conn: AsyncConnection, pubs: Sequence[Publication]) -> Context:
    """What is needed to work on `pubs`."""
    ids = {pub.post for pub in pubs}
    stored = await posts.some_posts(conn, ids)
    bodies = await publications.bodies(conn, {pub.content_hash for pub in pubs})
    return Context(
        roster=await roster.load(conn),
        health=await roster.health(conn),
        contents={digest: decode(body) for digest, body in bodies.items()},
        posts=stored,
        links=await publications.first_links(conn, [i for i in ids if stored[i].key_item]),
    )


def flagship_name(members: Roster) -> str:
    """The name reprints give as their source."""
    names = [account.name for account in members.accounts.values() if account.flagship]
    return names[0] if names else members.name


def release_link(links: Mapping[str, str], core: Core, members: Roster) -> str:
    """The link reprints point at: an article of the flagship before a short post."""

    def article(platform: str) -> bool:
        return any(
            core.platforms.capabilities(account).article
            for account in members.accounts.values()
            if account.flagship and account.platform == platform
        )

    ranked = sorted(links, key=lambda platform: (not article(platform), platform))
    return links[ranked[0]] if ranked else ""


def variant_of(core: Core, context: Context, pub: Publication) -> Variant:
    """The publication's content in its account's form."""
    post = context.contents[pub.content_hash]
    link = ""
    if pub.kind is Kind.REPRINT:
        link = release_link(context.links.get(pub.post, {}), core, context.roster)
    return make_variant(
        post,
        context.account(pub),
        context.unit(pub),
        kind=pub.kind,
        method=pub.method,
        source=flagship_name(context.roster),
        link=link,
    )


def checkpoint_of(pub: Publication) -> Checkpoint:
    """How far preparation has come, and when `commit` was last called, if ever.

    Some platforms use an upload up with the first call, whatever came of it.
    """
    data = dict(pub.checkpoint)
    if pub.committed_at is not None:
        data["committed_at"] = pub.committed_at.isoformat()
    return Checkpoint(data=data)


def capabilities_of(core: Core, context: Context, pub: Publication) -> Capabilities:
    """What the platform can do for this publication."""
    return core.platforms.capabilities(context.account(pub), by_hand=pub.by_hand)
