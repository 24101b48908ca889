"""`python -m bot.simulator --port 9300`: serve until told to stop."""

import argparse
import asyncio
import signal

from bot.simulator.app import serve


async def run(host: str, port: int) -> None:
    """Serve, say where, and stop on SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    runner, actual = await serve(host, port)
    print(f"simulator listening on http://{host}:{actual}", flush=True)
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m bot.simulator")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9300, help="0 takes any free port")
    asked = parser.parse_args()
    asyncio.run(run(asked.host, asked.port))


if __name__ == "__main__":
    main()
