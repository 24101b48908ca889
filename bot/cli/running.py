"""`bot run`, `bot worker`, `bot simulator`: what keeps running."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from bot import worker as workers
from bot.app import App, open_app
from bot.cli.beside import beside
from bot.cli.calendar import Folder, folder_settings
from bot.cli.ids import say
from bot.cli.living import Living
from bot.cli.loop import on_stop, run_fast
from bot.cli.output import (
    BAD_NEWS,
    OK,
    notes,
    screen,
    settings_in_force,
)
from bot.domain.problem import has_errors
from bot.domain.publication import State
from bot.engine import collect as collecting
from bot.engine import recall_work, reminding, service, tokens
from bot.engine.clearing import Clearing
from bot.engine.delivering import Sender
from bot.engine.outbox import Outbox
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import publications
from bot.ledger.alone import alone
from bot.queue.remote import Chore
from bot.settings import Settings
from bot.simulator import serve as serve_simulator

_RECALL_EVERY_S = 30  # what was in flight when it was withdrawn may have turned out public
_TELL_EVERY_S = 5  # programs that are told what happens
_COLLECT_EVERY_S = 600  # looks which accounts are worth reading; most are read every six hours


def run(
    folder: Folder = None,
    once: Annotated[
        bool, typer.Option("--once", help=_("publish what is due now, then end"))
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help=_("also when many accounts would disappear"))
    ] = False,
) -> None:
    """Publishes the calendar, each post at its time, until it is stopped."""
    settings = folder_settings(folder)

    async def work() -> int:
        with alone(settings.ledger.url):
            return await _run(settings, once=once, yes=yes)

    raise typer.Exit(run_fast(work()))


async def _run(settings: Settings, *, once: bool, yes: bool) -> int:
    async with open_app(settings) as app:
        living = Living(app=app)
        made = await living.begin(confirmed=yes)
        if once:
            await service.run_due(app.core, app.local)
            await recall_work.work_due(app.core)
            return await _once_code(app, bad=has_errors(made.problems))
        stop = _stop_on_signal(app)
        async with beside(app, say):
            await _forever(app, stop, living)
        return OK


async def _once_code(app: App, *, bad: bool) -> int:
    async with app.core.ledger.read() as conn:
        states = await publications.count_by_state(conn)
    bad = bad or any(states.get(state) for state in (State.FAILED, State.MISSED, State.UNKNOWN))
    return BAD_NEWS if bad else OK


async def _forever(app: App, stop: asyncio.Event, living: Living) -> None:
    notes.print(_("Running. Press Ctrl-C to stop."))
    reader = asyncio.create_task(living.run(stop))
    try:
        await workers.work(app, _chores(app), stop)
    finally:
        stop.set()
        await reader


def _stop_on_signal(app: App) -> asyncio.Event:
    stop = asyncio.Event()

    def end() -> None:
        notes.print(_("Stopping: what is being sent is finished first."))
        app.publisher.stopping = True
        stop.set()

    on_stop(end)
    return stop


def _chores(app: App) -> list[Chore]:
    async def collect_due() -> None:
        await collecting.collect_due(app.core)
        await recall_work.work_due(app.core)
        app.metrics.succeeded("collect", app.core.clock.now())

    async def refresh_due() -> None:
        await tokens.refresh_due(app.core, warn=timedelta(days=app.settings.tokens.warn_days))
        app.metrics.succeeded("refresh", app.core.clock.now())

    async def recall_due() -> None:
        await recall_work.work_due(app.core, finished=False)
        app.metrics.succeeded("recall", app.core.clock.now())

    async def remind() -> None:
        if app.settings.notify.on:
            await reminding.remind(app.core, app.reminders)
        app.metrics.succeeded("remind", app.core.clock.now())

    outbox = Outbox(app.core, app.settings.zone)
    clearing = Clearing(outbox)
    sender = Sender(core=app.core, vault=app.vault, this_machine=app.settings.webhooks.this_machine)

    async def tell() -> None:
        await outbox.fill()
        await sender.send_due()
        await clearing.clear()
        app.metrics.succeeded("tell", app.core.clock.now())

    return [
        Chore(name="collect", do=collect_due, every_s=_COLLECT_EVERY_S),
        Chore(name="refresh", do=refresh_due, every_s=3600),
        Chore(name="recall", do=recall_due, every_s=_RECALL_EVERY_S),
        Chore(name="remind", do=remind, every_s=60),
        Chore(name="tell", do=tell, every_s=_TELL_EVERY_S),
    ]


def worker() -> None:
    """Does its share of all work, with any number of other workers, until it is stopped."""
    settings = settings_in_force()
    if not settings.queue.redis_url:
        raise UsageError(
            _(
                "Workers on several machines meet in Redis: set queue.redis_url, and ledger.url to "
                "a PostgreSQL database. On one machine `bot run` needs neither."
            )
        )

    async def work() -> None:
        async with open_app(settings) as app:
            stop = _stop_on_signal(app)
            async with beside(app, say):
                notes.print(_("Running. Press Ctrl-C to stop."))
                await workers.work(app, _chores(app), stop)

    run_fast(work())


def simulator(
    port: Annotated[int, typer.Option(help=_("port; 0 takes a free one"))] = 9300,
    host: Annotated[str, typer.Option(help=_("address to listen on"))] = "127.0.0.1",
) -> None:
    """Serves the platforms' APIs on this machine, for rehearsals and tests."""

    async def work() -> None:
        try:
            runner, actual = await serve_simulator(host, port)
        except (OSError, OverflowError) as error:
            raise UsageError(
                _("Nothing can listen on {host}:{port}: {cause}. Choose another --port.").format(
                    host=host, port=port, cause=error
                )
            ) from error
        screen.print(
            _("The simulator listens on http://{host}:{port}. Press Ctrl-C to stop.").format(
                host=host, port=actual
            )
        )
        stop = asyncio.Event()
        on_stop(stop.set)
        await stop.wait()
        await runner.cleanup()

    asyncio.run(work())
