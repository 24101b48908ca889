"""Work done side by side, of which nothing is left running behind."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def side_by_side(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What each came to, in order. All have ended when this returns, raises or is cancelled.

    One's trouble keeps no other from its end; then the first trouble is raised.
    """
    # Without `return_exceptions` it returns with the first trouble and leaves the others running.
    ended = await asyncio.gather(*work, return_exceptions=True)
    found = []
    for one in ended:
        if isinstance(one, BaseException):
            raise one
        found.append(one)
    return found
