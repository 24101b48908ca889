"""Ctrl-C and SIGTERM as an orderly end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress


def on_stop(end: Callable[[], None]) -> None:
    """Calls `end` instead of interrupting, where the system can do that."""
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows has no handlers; Ctrl-C still interrupts
            loop.add_signal_handler(name, end)
