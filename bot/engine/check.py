"""`bot check`: what is wrong with the calendar, before anything is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from bot.domain import words
from bot.domain.forecast import QuotaUse, demand, forecast
from bot.domain.planning import Desired, Fitness, desired, diff
from bot.domain.post import Kind, Method, Post, Variant
from bot.domain.problem import Place, Problem, Severity
from bot.domain.quota import Budget, budgets_of
from bot.domain.roster import Account, Roster
from bot.domain.unhurried import unhurried
from bot.domain.variants import make_variant
from bot.engine.context import flagship_name
from bot.engine.ignored import Ignored, sift
from bot.engine.links import LINK_CODES
from bot.engine.ports import Catalog
from bot.engine.uncovered import uncovered
from bot.i18n import _
from bot.ledger.posts import content_hash
from bot.schedule.reader import Reading

# Reprints point at a link that exists only after the first release; one of usual length stands in.
_STAND_IN_LINK = (
    "https://mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMA==&mid=2650000000&idx=1&sn=" + "0" * 32
)
_ALONE = frozenset({"quota-exceeded"})  # codes that only a check without a ledger gives
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)  # checking knows no clock


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The calendar's wishes and everything found wrong with them."""

    wanted: tuple[Desired, ...]
    problems: tuple[Problem, ...]
    hashes: dict[str, str]  # post → content hash; empty when nothing is planned of it
    ignored: tuple[Ignored, ...] = ()  # what is switched off, with its reason


def fitness_of(roster: Roster, catalog: Catalog) -> dict[str, Fitness]:
    """What each account's platform takes."""
    return {account.id: _fitness(account, catalog) for account in roster.accounts.values()}


def _fitness(account: Account, catalog: Catalog) -> Fitness:
    # What the platform takes does not change when a person does the posting.
    can = catalog.capabilities(replace(account, mode=""))
    return Fitness(
        publishes=catalog.capabilities(account).publishes,
        article=can.article,
        short_text=can.short_text,
        video_only=can.video_only,
    )


def check(
    reading: Reading,
    catalog: Catalog,
    *,
    alone: bool = False,
    links: Sequence[Problem] | None = None,
    only: str | None = None,
) -> Checked:
    """Everything the files themselves and the platforms' limits object to.

    An error of the post blocks it everywhere; an error of one platform only there. What is
    switched off blocks nothing. `alone` adds what can be foretold without a ledger: quotas. `links`
    is what `check_links` found, None when nobody asked. With `only` platforms are asked about that
    post alone.
    """
    with unhurried():
        return _check(reading, catalog, alone=alone, links=links, only=only)


def _check(
    reading: Reading,
    catalog: Catalog,
    *,
    alone: bool,
    links: Sequence[Problem] | None,
    only: str | None,
) -> Checked:
    roster = reading.roster
    fitness = fitness_of(roster, catalog)
    # Only who plans compares what posts say with what was planned.
    hashes = {} if alone else {post.id: content_hash(post) for post in reading.posts}
    everywhere = {
        problem.post
        for problem in sift(reading.problems, reading).kept
        if problem.severity is Severity.ERROR and problem.post
    }
    wanted: list[Desired] = []
    found: list[Problem] = list(reading.problems)
    for post in reading.posts:
        mine = desired(post, roster, fitness, content_hash=hashes.get(post.id, ""), blocked=())
        asked = mine if only in (None, post.id) else ()
        blocked, problems = _check_post(post, asked, roster, catalog)
        found += problems
        held = post.id in everywhere
        wanted += [
            replace(want, blocked=True) if held or want.account.id in blocked else want
            for want in mine
        ]
    found += uncovered(wanted, reading)
    found += too_many_reprints(wanted, reading)
    if alone:
        found += quota_problems(wanted, reading, catalog)
    found += links or ()
    left_out = (frozenset() if alone else _ALONE) | (LINK_CODES if links is None else frozenset())
    sifted = sift(found, reading, not_looked_for=left_out)
    return Checked(
        wanted=tuple(wanted),
        problems=tuple(ordered(sifted.kept)),
        hashes=hashes,
        ignored=sifted.ignored,
    )


def _check_post(
    post: Post, wanted: Sequence[Desired], roster: Roster, catalog: Catalog
) -> tuple[set[str], list[Problem]]:
    blocked = set()
    problems: dict[tuple[str, str, str], Problem] = {}
    for want in wanted:
        account = want.account
        variant = variant_of(post, want, roster)
        for problem in catalog.check(variant, account, by_hand=want.by_hand):
            if problem.severity is Severity.ERROR:
                blocked.add(account.id)
            # The same fault on twenty accounts of one platform is one line for the officer.
            problems.setdefault(
                (problem.code, account.platform, problem.message),
                replace(
                    problem,
                    post=post.id,
                    place=problem.place if problem.place.file else post.place,
                ),
            )
    return blocked, list(problems.values())


def variant_of(post: Post, want: Desired, roster: Roster) -> Variant:
    """What goes out; before the first release a link of the usual length stands in for its own."""
    return make_variant(
        post,
        want.account,
        roster.units[want.account.unit],
        kind=want.kind,
        method=want.method,
        source=flagship_name(roster),
        link=_STAND_IN_LINK,
    )


def quotas_of(members: Roster, catalog: Catalog) -> Callable[[str, Method], tuple[Budget, ...]]:
    """What a publication of an account by a method spends; nothing on one that is not known."""

    @cache
    def spent(name: str, method: Method) -> tuple[Budget, ...]:
        account = members.accounts.get(name)
        if account is None:
            return ()
        return budgets_of(catalog.capabilities(account).budgets, method.value, account.kind)

    return spent


def quota_problems(wanted: Sequence[Desired], reading: Reading, catalog: Catalog) -> list[Problem]:
    """Warnings where the files alone ask for more than a quota allows; `bot plan` knows more.

    Nothing is known here of what has been sent, so each period counts as if it were whole.
    """
    changes = diff(wanted, (), keep=(), released={}, now=_BEFORE_ALL)
    quotas = quotas_of(reading.roster, catalog)
    wishes = demand((), changes, quotas, released={}, now=_BEFORE_ALL)
    places = {post.id: post.place for post in reading.posts}
    return [_overrun(one, places) for one in forecast(wishes, {})]


def too_many_reprints(wanted: Sequence[Desired], reading: Reading) -> list[Problem]:
    """Warnings where the hourly cap lets the last reprints go only after the deadline."""
    cap = reading.options.reprints_per_hour
    if not cap:
        return []
    automatic = Counter(
        want.post for want in wanted if want.kind is Kind.REPRINT and not want.by_hand
    )
    return [
        Problem(
            code="reprints-too-many",
            message=_(
                "{count} accounts are to reprint it, at most {cap} an hour: the last ones go after "
                "the deadline."
            ).format(count=automatic[post.id], cap=cap),
            hint=_("Give it a later deadline, or raise reprinting.per_hour in settings.toml."),
            severity=Severity.WARNING,
            place=post.place,
            post=post.id,
        )
        for post in reading.posts
        if post.key is not None
        and (automatic[post.id] - 1) // cap * timedelta(hours=1) >= post.key.deadline
    ]


def _overrun(found: QuotaUse, places: Mapping[str, Place]) -> Problem:
    first = found.late[0].post
    return Problem(
        code="quota-exceeded",
        message=_("{account} ({quota}): too many from {start} to {end}: {posts}").format(
            account=found.account,
            quota=words.quota(found.action, found.period, found.limit),
            start=f"{found.start:%Y-%m-%d %H:%M}",
            end=f"{found.end:%Y-%m-%d %H:%M}",
            posts=", ".join(late.post for late in found.late),
        ),
        hint=_("Move them. In a window that ends later they go when the quota is whole again."),
        severity=Severity.WARNING,
        place=places[first],
        post=first,
    )


def ordered(problems: Iterable[Problem]) -> list[Problem]:
    """By file and line; in one line the worst first."""
    rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
    return sorted(
        problems,
        key=lambda p: (p.place.file, p.place.line or 0, rank[p.severity], p.code, p.post or ""),
    )
