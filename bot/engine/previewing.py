"""Shows a post to one person before the public sees it."""

from __future__ import annotations

from bot.contract import Adapter, Checkpoint, Previews
from bot.domain import transitions, words
from bot.domain.post import Variant
from bot.domain.publication import Publication, State
from bot.engine import context as contexts
from bot.engine.ports import Core
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import journal, publications
from bot.ledger.journal import Move

_BEFORE = frozenset({State.PLANNED, State.HELD, State.WAITING})
_MAX_STEPS = 200


async def send(core: Core, pub: Publication, *, to: str) -> None:
    """Sends the prepared post to `to`; nothing becomes public, and its turn uses the same draft.

    Raises UsageError when it is too late or the platform has no previews, PlatformError when the
    platform refuses.
    """
    if pub.state not in _BEFORE or pub.doubt_since is not None:
        message = _("{name} is {state}; only what has not been sent can be previewed.")
        raise UsageError(message.format(name=_name(pub), state=words.state(pub.state)))
    async with core.ledger.read() as conn:
        known = await contexts.load(conn, [pub])
    account = known.account(pub)
    adapter = core.platforms.adapter(account, by_hand=pub.by_hand)
    if not isinstance(adapter, Previews):
        message = _("{platform} has no previews.")
        raise UsageError(message.format(platform=words.platform(account.platform)))
    variant = contexts.variant_of(core, known, pub)
    done = await _prepare(core, pub, adapter, variant)
    await adapter.preview(variant, done, to=to)


async def _prepare(core: Core, pub: Publication, adapter: Adapter, variant: Variant) -> Checkpoint:
    done = contexts.checkpoint_of(pub)
    for _step in range(_MAX_STEPS):
        further = await adapter.prepare(variant, done)
        if further.data != done.data:
            await _keep(core, pub, further)
        if further.ready:
            return further
        done = further
    raise UsageError(_("The preparation of {name} does not end.").format(name=_name(pub)))


async def _keep(core: Core, pub: Publication, done: Checkpoint) -> None:
    """Stores it, unless the post was changed or sent since the preview began.

    What was sent is looked for by the checkpoint it was sent with, and by no other.
    """
    move = Move(publication=pub.id, step=transitions.prepare_ahead(done.data))
    made: list[journal.Event] = []
    async with core.ledger.write() as conn:
        applied = (await journal.apply(conn, [move], core.clock.now(), made))[0]
        now_is = await publications.get(conn, pub.id)  # the move holds the row
        if not applied.ok or now_is is None or _version(now_is) != _version(pub):
            message = _("{name} was changed or sent meanwhile; look at it, and preview it again.")
            raise UsageError(message.format(name=_name(pub)))  # and nothing is stored
    core.journal.tell(made)


def _version(pub: Publication) -> tuple[object, ...]:
    return pub.content_hash, pub.committed_at, pub.doubt_since


def _name(pub: Publication) -> str:
    return f"{pub.post}@{pub.account}"
