"""The event loop: the fastest there is, and Ctrl-C and SIGTERM as an orderly end."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

try:
    import uvloop
except ImportError:  # there is none for Windows
    _NEW_LOOP: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    _NEW_LOOP = uvloop.new_event_loop

T = TypeVar("T")
_LOOK_FOR_CYCLES = 50_000  # new objects


def run_fast(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns."""
    # What is loaded by now stays; and a burst makes objects by the thousand that die by themselves.
    # Python's own pace of looking for cycles costs an eighth of it.
    gc.freeze()
    gc.set_threshold(_LOOK_FOR_CYCLES, 20, 20)
    with asyncio.Runner(loop_factory=_NEW_LOOP) as runner:
        return runner.run(work)


def on_stop(end: Callable[[], None]) -> None:
    """Calls `end` instead of interrupting, where the system can do that."""
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows has no handlers; Ctrl-C still interrupts
            loop.add_signal_handler(name, end)
