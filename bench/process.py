"""What a process has used: CPU seconds and memory, this one or another."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

MB = 1024 * 1024
_STOP_S = 20


def cpu_s(pid: int | None = None) -> float:
    """CPU seconds the process and its living children have used so far."""
    one = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in (one, *one.children(recursive=True)))


def rss_mb(pid: int | None = None) -> float:
    """Memory in use now."""
    return float(psutil.Process(pid).memory_info().rss) / MB


def forget_peak(pid: int | None = None) -> None:
    """Has the peak counted anew from now on."""
    _proc(pid, "clear_refs").write_text("5", encoding="ascii")


def peak_mb(pid: int | None = None) -> float:
    """Most memory in use since the start, or since `forget_peak`."""
    for line in _proc(pid, "status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the system does not tell the peak of a process's memory (VmHWM)")


def _proc(pid: int | None, name: str) -> Path:
    return Path("/proc") / str(pid or os.getpid()) / name


@asynccontextmanager
async def python(
    *arguments: str, env: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python of the same installation, ended in an orderly way when the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env={**os.environ, **(env or {})},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL if not os.environ.get("BENCH_LOUD") else None,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()
