"""Everything that is needed to draw a batch of publications, read in one go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.contract import Capabilities, Checkpoint
from bot.domain.post import Kind, Post, Variant
from bot.domain.publication import Publication
from bot.domain.roster import Account, Roster
from bot.domain.variants import make_variant
from bot.engine.ports import Core
from bot.ledger import publications, roster
from bot.ledger.connection import Connection
from bot.ledger.posts import decode


@dataclass(frozen=True, kw_only=True)
class Context:
    """The ledger's knowledge around a batch."""

    roster: Roster
    contents: Mapping[str, Mapping[str, Any]]  # stored content by its hash
    links: Mapping[str, Mapping[str, str]]  # post → platform → the flagship's link
    _decoded: dict[str, Post] = field(default_factory=dict)

    def content(self, digest: str) -> Post:
        """What was stored under this hash; decoded once, however many accounts carry it."""
        if digest not in self._decoded:
            self._decoded[digest] = decode(self.contents[digest])
        return self._decoded[digest]

    def account(self, pub: Publication) -> Account:
        return self.roster.accounts[pub.account]


async def load(
    conn: Connection,
    pubs: Sequence[Publication],
    *,
    members: Roster | None = None,
    versions: Collection[str] = (),
) -> Context:
    """What is needed to draw `pubs` in their accounts' forms.

    `members` where the roster was read already; `versions` are contents they are compared with, by
    their hashes.
    """
    hashes = {pub.content_hash for pub in pubs}.union(versions)
    return Context(
        roster=members or await roster.load(conn),
        contents=await publications.bodies(conn, hashes),
        links=await publications.first_links(conn, {pub.post for pub in pubs}),
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
    post = context.content(pub.content_hash)
    account, link = context.account(pub), ""
    links = context.links.get(pub.post, {})
    if pub.kind is Kind.REPRINT:
        link = release_link(links, core, context.roster)
    return make_variant(
        post,
        account,
        context.roster.units[pub.unit],
        kind=pub.kind,
        method=pub.method,
        source=flagship_name(context.roster),
        link=link,
        release=links.get(account.platform, ""),
    )


def same_form(core: Core, context: Context, pub: Publication, aim: str) -> bool:
    """True when the version `aim` would look on the publication's account as its own one does."""
    then, now = (variant_of(core, context, each) for each in (pub, replace(pub, content_hash=aim)))
    if not capabilities_of(core, context, pub).article:  # it never shows the article's text
        then, now = (replace(each, body="", digest="", inline=()) for each in (then, now))
    return then == now


def checkpoint_of(pub: Publication) -> Checkpoint:
    """How far preparation has come, when `commit` was last called, and when doubt began.

    Some platforms use an upload up with the first call, whatever came of it. A look must reach
    back to the first call in doubt, not only to the last one.
    """
    data = dict(pub.checkpoint)
    data.pop("doubt_since", None)  # kept with the rest by an adapter; the doubt may have ended
    if pub.committed_at is not None:
        data["committed_at"] = pub.committed_at.isoformat()
    if pub.doubt_since is not None:
        data["doubt_since"] = pub.doubt_since.isoformat()
    return Checkpoint(data=data)


def capabilities_of(core: Core, context: Context, pub: Publication) -> Capabilities:
    """What the platform can do for this publication."""
    return core.platforms.capabilities(context.account(pub), by_hand=pub.by_hand)
