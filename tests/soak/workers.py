"""A fleet of worker processes that die and are started again, as a supervisor would."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
KILLED, STOPPED, COMPLAINED = -signal.SIGKILL, 0, 2
_BY_COMMAND = 10  # every tenth start of the last seat; the others are forked
_AGAIN_S = 0.2  # a supervisor's pause before it starts a process anew


@dataclass
class Worker:
    """One seat; whoever sits on it may die, the log goes on."""

    number: int
    log: Path
    pid: int = 0
    ended: asyncio.Future[int] | None = None
    asked: signal.Signals | None = None  # what it was sent last
    asked_s: float = 0.0  # when, by the loop's clock
    stopping: bool = False  # it was asked to end, whatever came after that
    starts: int = 0

    @property
    def alive(self) -> bool:
        return self.ended is not None and not self.ended.done()

    def send(self, what: signal.Signals) -> bool:
        """Sends a signal; False when there is nobody to get it."""
        if not self.alive or self.asked is signal.SIGKILL:
            return False
        self.asked, self.asked_s = what, asyncio.get_running_loop().time()
        self.stopping = self.stopping or what is signal.SIGTERM
        with suppress(ProcessLookupError):
            os.kill(self.pid, what)
        return True


@dataclass
class Deaths:
    """How processes ended, and after how long those that were asked to."""

    codes: dict[int, int] = field(default_factory=dict)
    stops_s: list[float] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)

    def note(self, worker: Worker, code: int) -> None:
        """Counts an end; one that nobody asked for and nothing explains is a surprise."""
        self.codes[code] = self.codes.get(code, 0) + 1
        killed = code == KILLED and worker.asked is signal.SIGKILL
        # Before it works there is nothing to finish, and the signal ends it as any program.
        # A kill may also come too late for one that has stopped already.
        stopped = code in {STOPPED, -signal.SIGTERM} and worker.stopping
        if stopped:
            self.stops_s.append(asyncio.get_running_loop().time() - worker.asked_s)
        if not (killed or stopped or code == COMPLAINED):
            self.surprises.append(f"worker {worker.number} ended with {code}")


class Zygote:
    """The program that forks workers; see zygote.py."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._started: asyncio.Queue[tuple[int, asyncio.Future[int]]] = asyncio.Queue()
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._order = asyncio.Lock()
        self.reading = asyncio.create_task(self._read())

    async def start(
        self, args: Sequence[str], env: Mapping[str, str], log: Path
    ) -> tuple[int, asyncio.Future[int]]:
        """The new process, and the exit code it will have."""
        assert self._process.stdin is not None
        order = {"args": list(args), "env": dict(env), "log": str(log), "cwd": str(log.parent)}
        async with self._order:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            return await self._started.get()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "started" in said:
                end = self._ends[said["started"]] = asyncio.get_running_loop().create_future()
                self._started.put_nowait((said["started"], end))
            else:
                self._ends.pop(said["ended"]).set_result(said["code"])


class Fleet:
    """Workers on their seats; the last seat's are started by the real command line, at times."""

    def __init__(
        self, zygote: Zygote, args: Sequence[str], env: Mapping[str, str], folder: Path
    ) -> None:
        self._zygote = zygote
        self._args = args
        self._env = env
        self._folder = folder
        self._wanted = True
        self.workers: list[Worker] = []
        self.deaths = Deaths()
        self._keepers: list[asyncio.Task[None]] = []

    def start(self, count: int) -> None:
        """Keeps `count` workers running from now on."""
        for number in range(count):
            worker = Worker(number=number, log=self._folder / f"worker-{number}.log")
            self.workers.append(worker)
            self._keepers.append(asyncio.create_task(self._keep(worker, number == count - 1)))

    async def _keep(self, worker: Worker, last: bool) -> None:
        while self._wanted:
            worker.asked, worker.stopping = None, False
            worker.starts += 1
            if last and worker.starts % _BY_COMMAND == 1:
                worker.pid, worker.ended = await self._by_command(worker.log)
            else:
                worker.pid, worker.ended = await self._zygote.start(
                    self._args, self._env, worker.log
                )
            code = await worker.ended
            self.deaths.note(worker, code)
            await asyncio.sleep(_AGAIN_S)

    async def _by_command(self, log: Path) -> tuple[int, asyncio.Future[int]]:
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", *self._args),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self._folder,
                env={**clean_environment(), **self._env},
            )
        return process.pid, asyncio.ensure_future(process.wait())

    async def stop(self, limit_s: float) -> None:
        """Asks all to end and waits for it; kills whoever takes longer."""
        self._wanted = False
        for worker in self.workers:
            worker.send(signal.SIGTERM)
        await asyncio.wait(self._keepers, timeout=limit_s)
        for worker in self.workers:
            if worker.alive:
                self.deaths.surprises.append(f"worker {worker.number} does not stop")
                worker.send(signal.SIGKILL)
        await asyncio.gather(*self._keepers)

    def reopen(self) -> None:
        """Empty seats again, for another `start` after `stop`."""
        self._wanted = True
        self.workers, self._keepers = [], []

    async def kill_all(self) -> None:
        """Leaves nobody behind, whatever happened."""
        self._wanted = False
        for worker in self.workers:
            worker.send(signal.SIGKILL)
        await asyncio.gather(*self._keepers, return_exceptions=True)

    def kept_traces(self) -> dict[str, int]:
        """How many traces the workers kept in files, by kind of error."""
        files = (self._folder / "var" / "errors").glob("*.txt")
        return dict(Counter(path.name.partition("-")[0] for path in files))

    def traces(self) -> list[str]:
        """The workers' logs as far as they hold a stack trace, which is for nobody's eyes."""
        texts = [(worker.log, worker.log.read_text("utf-8", "replace")) for worker in self.workers]
        return [
            f"{log.name}: {text[max(at - 600, 0) : at + 3000]}"
            for log, text in texts
            if (at := text.find("Traceback (most recent call last)")) >= 0
        ]


def clean_environment() -> dict[str, str]:
    """The machine's variables without any of the bot's, and with this tree to import from."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


@asynccontextmanager
async def zygote() -> AsyncIterator[Zygote]:
    """A zygote, gone with its children at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.soak.zygote"),
        stdin=PIPE,
        stdout=PIPE,
        cwd=ROOT,
        env=clean_environment(),
    )
    made = Zygote(process)
    try:
        yield made
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await made.reading


@asynccontextmanager
async def simulator() -> AsyncIterator[str]:
    """The platforms as a process of their own; their address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.simulator", "--port", "0"),
        stdout=PIPE,
        # It complains there about clients that died in the middle of a request.
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
        env=clean_environment(),
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().split()[-1]
    finally:
        process.kill()
        await process.communicate()
