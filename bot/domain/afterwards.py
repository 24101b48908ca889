"""What may still happen to a publication that is public; `transitions` has what comes before."""

from __future__ import annotations

from bot.domain.publication import State
from bot.domain.step import Step
from bot.domain.step import made as _step

_PUBLISHED = frozenset({State.PUBLISHED})


def take_down(*, recall: int, by: str = "") -> Step:
    """published: it was taken back, by the platform or by `by`; that it was public stays true."""
    facts = {"recall": recall, "by": by}
    return _step("taken_down", _PUBLISHED, None, facts=facts)


def correct(*, content_hash: str, recall: int, by: str = "") -> Step:
    """published: what is public carries this version now, corrected in place."""
    return _step(
        "corrected",
        _PUBLISHED,
        None,
        content_hash=content_hash,
        changed_hash="",
        facts={"content": content_hash, "recall": recall, "by": by},
    )
