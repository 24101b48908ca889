"""Work that makes a great many objects and throws hardly any away."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unhurried() -> Iterator[None]:
    """Does without the search for cyclic garbage until the end of the block.

    While hundreds of thousands of objects are made that all stay, it would go through them over and
    over and find nothing; that took half of the time of a large calendar.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            # To the oldest objects at once: else the first thing made after this would set off a
            # search through all of them.
            gc.freeze()
            gc.unfreeze()
            gc.enable()
