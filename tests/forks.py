"""The command `bot` as a process of its own, at the price of a fork.

Loading the program takes two seconds of a processor, and the tests start it more than a hundred
times. So one process loads it and forks for every command: the same function as the installed
program's, in a process with its own id, files, variables, signals and end. What loading itself may
do wrong is seen where tests start `python -m bot`: tests/bot/cli/test_running.py, test_bad_days.py,
test_doctor.py.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).parents[1]


class Command:
    """A command under way; the same as `subprocess.Popen` where both have it.

    `program` is the module whose `main` is called. `stdin` is all that it will be told; None leaves
    that to `tell`.
    """

    def __init__(
        self,
        folder: Path,
        *args: str,
        env: Mapping[str, str],
        stdin: str | None = "",
        program: str = "bot.cli",
    ) -> None:
        self.returncode: int | None = None
        source, given = os.pipe()
        self.stdin: TextIO = os.fdopen(given, "w", encoding="utf-8")
        if stdin is not None:
            with self.stdin:
                self.stdin.write(stdin)  # less than a pipe holds
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        self._report, report_end = os.pipe()
        order = {"folder": str(folder), "program": program, "args": args, "env": dict(env)}
        ends = [source, out_end, err_end, report_end]
        socket.send_fds(_orders(), [json.dumps(order).encode()], ends)
        for end in ends:
            os.close(end)
        self.stdout: TextIO = os.fdopen(out, encoding="utf-8")
        self.stderr: TextIO = os.fdopen(err, encoding="utf-8")
        self._said = b""
        self.pid = self._number()

    def _number(self) -> int:
        """The next line of the report: first the process id, then the exit code."""
        while b"\n" not in self._said:
            more = os.read(self._report, 64)
            assert more, "the process that forks is gone"
            self._said += more
        number, _, self._said = self._said.partition(b"\n")
        return int(number)

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._end(0)

    def _end(self, timeout_s: float | None) -> int | None:
        if self.returncode is None and (
            self._said or select.select([self._report], [], [], timeout_s)[0]
        ):
            self.returncode = self._number()
            os.close(self._report)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended; raises TimeoutExpired."""
        code = self._end(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("bot", timeout or 0)
        return code

    def tell(self, words: str) -> None:
        """Writes to its stdin, which must have been kept open, and ends it."""
        with self.stdin:
            self.stdin.write(words)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it still said on stdout and stderr; kills it when it takes too long."""
        with ThreadPoolExecutor(2) as readers, self.stdout, self.stderr:
            said = [readers.submit(stream.read) for stream in (self.stdout, self.stderr)]
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            return said[0].result(), said[1].result()

    def send_signal(self, number: int) -> None:
        """Sends a signal unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Asks it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it as a power failure would."""
        self.send_signal(signal.SIGKILL)


@cache
def _orders() -> socket.socket:
    """Where the process that forks takes its orders; it ends when this is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking", str(theirs.fileno())],
            cwd=ROOT,
            env={**kept, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
