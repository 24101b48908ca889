"""What people decide: accept, decline, confirm, retry, cancel, freeze, let an account go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import transitions, words
from bot.domain.numbers import row_number
from bot.domain.planning import IN_FLIGHT, OPEN
from bot.domain.post import Kind
from bot.domain.publication import Hold, Publication, State
from bot.domain.step import PublishedAs, Step, blocked_note, with_window
from bot.engine import carried, task_faults
from bot.engine.ports import Core
from bot.engine.task_faults import article_fault, time_fault
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import (
    controls,
    credentials,
    items,
    journal,
    posts,
    publications,
    recalls,
    roster,
    verdicts,
)
from bot.ledger.connection import Connection
from bot.ledger.journal import Event, Move

_RETRY_WINDOW = timedelta(hours=6)


async def get(core: Core, name: str) -> Publication:
    """The publication called `name`: its number, or POST@ACCOUNT. UsageError if there is none."""
    async with core.ledger.read() as conn:
        if (number := row_number(name)) is not None:
            found = await publications.get(conn, number)
        else:
            post, _at, account = name.partition("@")
            found = await publications.by_post_and_account(conn, post, account)
    if found is None:
        raise UsageError(
            _(
                "There is no publication {name}. Give its number or POST@ACCOUNT as "
                "`bot publications list` shows them."
            ).format(name=name)
        )
    return found


async def accept(core: Core, pub: Publication, *, by: str) -> None:
    """The unit's liaison says yes to a reprint; it goes out in its turn."""
    await _do(core, pub, transitions.accept(by=by, now=core.clock.now()))


async def decline(core: Core, pub: Publication, *, by: str, reason: str) -> None:
    """The unit's liaison says no."""
    await _do(core, pub, transitions.cancel(reason="declined", by=by, text=reason))


async def cancel(core: Core, pub: Publication, *, by: str, reason: str = "") -> bool:
    """Withdraws a publication; refused once it is public.

    False when it is being sent at this moment: should it prove not public, it never will be.
    """
    if pub.state in IN_FLIGHT:
        await _do(core, pub, transitions.call_off(reason="withdrawn", by=by))
        return False
    if pub.doubt_since is not None and pub.state in OPEN - {State.HANDED_OFF}:
        now = core.clock.now()
        await _do(core, pub, transitions.call_off_in_doubt(reason="withdrawn", by=by, now=now))
        return False
    note = blocked_note(pub)
    await _do(core, pub, transitions.cancel(reason="withdrawn", by=by, text=reason, wanted=note))
    return True


async def confirm(core: Core, pub: Publication, *, url: str, at: datetime | None, by: str) -> None:
    """A person says it is public, and where."""
    _check_link(url)
    now = core.clock.now()
    async with core.ledger.read() as conn:
        released = (await posts.some_posts(conn, [pub.post]))[pub.post].first_release_at
    wrong = time_fault(at, now, released if pub.kind is Kind.REPRINT else None)
    if wrong:
        raise UsageError(wrong)
    await _do(core, pub, confirmation(pub, url=url, at=at or now, released=released, by=by))
    made: list[Event] = []
    async with core.ledger.write() as conn:
        await carried.take_times(conn, pub.account, now, made)
    core.journal.tell(made)


async def report(core: Core, pub: Publication, *, url: str, at: datetime | None, by: str) -> None:
    """The same, by what a person typed: a link that is surely no article is refused."""
    _check_link(url)
    if wrong := article_fault(pub.platform, url):
        raise UsageError(wrong)
    await confirm(core, pub, url=url, at=at, by=by)


async def needs_time(core: Core, pub: Publication) -> bool:
    """Whether its report must say since when it is public."""
    async with core.ledger.read() as conn:
        released = (await posts.some_posts(conn, [pub.post]))[pub.post].first_release_at
        since = released if pub.kind is Kind.REPRINT else pub.due_at
        return await task_faults.needs_time(conn, pub.account, since, core.clock.now())


def _check_link(url: str) -> None:
    if not url.startswith(("https://", "http://")):
        raise UsageError(_("A confirmation needs the public link, beginning with https://."))


def confirmation(
    pub: Publication, *, url: str, at: datetime, released: datetime | None, by: str
) -> Step:
    """The step by which `by` says that it is public at `url` since `at`.

    A reprint is not before its first release `released`; a clock that is slow says so.
    """
    if released is not None and pub.kind is Kind.REPRINT:
        at = max(at, released)
    receipt = PublishedAs(
        platform_id="",
        url=url,
        published_at=at,
        by_bot=pub.commits > 0,  # a person found what the bot had sent
    )
    return transitions.publish(receipt, by=by, in_doubt=pub.doubt_since is not None)


async def take_back(core: Core, pub: Publication, *, by: str, reason: str) -> None:
    """What a person said to be public is not so, or not there: it is a task again.

    Raises UsageError where that is not a person's word alone.
    """
    if not reason.strip():
        raise UsageError(_("Say why; it is kept for good."))
    # What a platform took for review may come out yet; a package was given to nobody then.
    sent = (pub.doubt_since is not None or pub.commits > 0) and not pub.fallback
    step = transitions.unconfirm(by=by, text=reason, sent=sent)
    made: list[Event] = []
    async with core.ledger.write() as conn:
        move = Move(publication=pub.id, step=step)
        (applied,) = await journal.apply(conn, [move], core.clock.now(), made)
        if not applied.ok:
            raise _too_late(pub)
        wrong = await _no_word(conn, pub)
        if wrong:
            raise UsageError(wrong)
        await items.untell(conn, pub.id)
    core.journal.tell(made)


async def by_word(core: Core, pub: Publication) -> bool:
    """True for what counts as public by a person's word, which `take_back` can take back."""
    if pub.state is not State.PUBLISHED:
        return False
    async with core.ledger.read() as conn:
        return not await _no_word(conn, pub)


async def _no_word(conn: Connection, pub: Publication) -> str:
    """Why it is no person's word alone by which it is public; "" when it is."""
    if await publications.confirmed_by(conn, pub.id) in {"", carried.BY_READING}:
        return _("No person reported this, so there is nothing to take back.")
    found = await verdicts.carried(conn, [pub.post])
    if any(one.account == pub.account and one.decision == "reprinted" for one in found):
        return _(
            "An article that was read on this account counts as this reprint. Refuse that on the "
            "page of the key item."
        )
    post = (await posts.some_posts(conn, [pub.post]))[pub.post]
    if post.key_item and pub.kind is Kind.ORIGINAL and post.first_release_at is not None:
        return _("The reprints follow this release already, so it cannot be taken back.")
    return ""


async def retry(core: Core, pub: Publication, *, by: str, not_published: bool = False) -> None:
    """A person lets it be tried again. Where a call is in doubt they must say it is not public."""
    looking = pub.state is State.UNKNOWN and pub.next_at is not None
    in_doubt = pub.state is State.UNKNOWN or pub.doubt_since is not None
    if looking or (in_doubt and not not_published):
        raise UsageError(
            _(
                "Whether {name} went out is not known. Look at the account first: if it is there, "
                "use `bot publications confirm {id} --url LINK`; if it is surely not there, use "
                "`bot publications retry {id} --not-published`."
            ).format(name=f"{pub.post}@{pub.account}", id=pub.id)
        )
    recalled = await _recalled(core, pub)
    if recalled and pub.state is not State.UNKNOWN:
        raise UsageError(
            _(
                "{post} was withdrawn, so it does not go out any more. If it shall after all, "
                "give it a new id in the calendar."
            ).format(post=pub.post)
        )
    now = core.clock.now()
    go_at = max(now, pub.not_before or now)  # a person's word does not end an embargo
    not_after = max(pub.not_after, go_at + _RETRY_WINDOW)
    wanted = with_window(pub.wanted, now, _RETRY_WINDOW) if pub.wanted else {}
    step = transitions.retry(pub.state, now=go_at, not_after=not_after, by=by, wanted=wanted)
    if recalled:  # their word that it is not public ends it
        step = replace(step, changes={**step.changes, "withdrawn": "withdrawn"})
    await _do(core, pub, step)


async def _recalled(core: Core, pub: Publication) -> bool:
    async with core.ledger.read() as conn:
        return bool(await recalls.withdrawn(conn, [pub.post]))


async def freeze(core: Core, on: bool, *, by: str, reason: str) -> None:
    """Begins or ends a freeze 静默期. Ending it lets what was held by it go on."""
    now = core.clock.now()
    async with core.ledger.write() as conn:
        await controls.set_freeze(conn, on, reason=reason, by=by, now=now)
        if not on:
            held = await publications.search(conn, states=[State.HELD])
            await journal.apply(conn, _releases(held, Hold.FROZEN, now), now)


async def resume(core: Core, account: str, *, authorised: bool = False) -> int:
    """Lets a paused account publish again; returns how many publications go on.

    `authorised`: a person has just entered another credential. Without one it stays noted that
    the platform refused what there is, until a call of ours proves otherwise.
    """
    now = core.clock.now()
    async with core.ledger.write() as conn:
        why = (await roster.health(conn))[account].paused if not authorised else ""
        if why:
            await credentials.refuse(conn, account, why, now)
        await roster.pause(conn, account, "")
        held = await publications.search(conn, account=account, states=[State.HELD])
        moves = _releases(held, Hold.PAUSED, now)
        await journal.apply(conn, moves, now)
    return len(moves)


def _releases(held: list[Publication], why: Hold, now: datetime) -> list[Move]:
    # The planned time stays as the calendar has it, or the next plan would see a difference.
    return [
        Move(
            publication=pub.id,
            step=transitions.release(due_at=pub.due_at, go_at=max(now, pub.due_at)),
        )
        for pub in held
        if pub.reason == why
    ]


async def _do(core: Core, pub: Publication, *steps: Step) -> None:
    moves = [Move(publication=pub.id, step=step) for step in steps]
    applied = await core.journal.apply(*moves, now=core.clock.now())
    if not all(one.ok for one in applied):
        raise _too_late(pub)


def _too_late(pub: Publication) -> UsageError:
    return UsageError(
        _(
            "{name} is {state} by now, so this is not possible any more. Look at it with "
            "`bot publications show {id}`."
        ).format(name=f"{pub.post}@{pub.account}", state=words.state(pub.state), id=pub.id)
    )
