"""`bot demo`: the whole sample month in a minute, faults and all."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from bot.app import App, open_app
from bot.cli import publications, words
from bot.cli.clock_bar import clock_bar
from bot.cli.counts import show_counts
from bot.cli.coverage import show_coverage
from bot.cli.gaps import show_gaps
from bot.cli.loop import on_stop
from bot.cli.output import BAD_NEWS, OK, local, screen, settings_in_force
from bot.clock import VirtualClock
from bot.demo import scenario as scenarios
from bot.demo.compare import Comparison, everything, made_by_bot
from bot.demo.player import Player, build_stage
from bot.domain.counts import By, parse_span
from bot.domain.people import DeskRole, Person
from bot.domain.review import Level
from bot.domain.words import owner
from bot.engine import answers, entrance
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import people
from bot.logs import configure
from bot.settings import Settings, Web
from bot.stage.building import settings_in
from bot.web.app import watched

_MONTH = "2026-05"
_RECORD = "public-posts.json"
_LOGIN = "demo"
_USUAL = ("127.0.0.1", 8080)


def demo(
    folder: Annotated[Path, typer.Option("--dir", help=_("where the demo keeps its files"))] = Path(
        "var/demo"
    ),
    verify: Annotated[
        bool,
        typer.Option("--verify", help=_("only compare the last demo's ledger with the platforms")),
    ] = False,
    look: Annotated[
        bool, typer.Option("--look", help=_("only open the desk on the last demo's month"))
    ] = False,
) -> None:
    """Plays the sample month against the simulator and shows what came of it."""
    settings = settings_in_force()
    if look:
        work = _look_again(settings, folder)
    else:
        work = _verify(settings, folder) if verify else _play(settings, folder)
    raise typer.Exit(asyncio.run(work))


async def _play(settings: Settings, folder: Path) -> int:
    if settings.log.level == "warning":
        configure("error")  # the demo tells of its faults in its own words
    stage = await build_stage(settings, folder)
    script = scenarios.load()
    screen.print(_("The simulator plays the platforms on {url}.").format(url=stage.base_url))
    progress, show = clock_bar(screen, script.start, script.end, settings.zone)

    def tell(at: datetime, text: str) -> None:
        progress.print(f"[bright_black]{local(at, settings.zone)}[/]  {escape(text)}")

    async with AsyncExitStack() as stack:
        stack.push_async_callback(stage.stop)
        player = Player(stage, script, tell)
        stack.push_async_callback(player.close)
        await player.open()
        with progress:
            await player.play(show)
        posts = await player.outside.public_posts()
        (folder / _RECORD).write_text(json.dumps(posts, ensure_ascii=False), encoding="utf-8")
        code = await _report(player.app, posts, stage.settings)
        if screen.is_terminal:
            await _stay(player.app, stage.base_url)
        else:
            host, port = settings.web.address or _USUAL
            screen.print(
                _("`bot demo --look` shows this month at http://{host}:{port}/.").format(
                    host=host, port=port
                )
            )
    return code


async def _report(app: App, posts: Sequence[dict[str, Any]], settings: Settings) -> int:
    span = parse_span(_MONTH, settings.zone)
    found, members = await answers.coverage(app.core, since=span.since, until=span.until)
    show_coverage(found, members, settings)
    keys = [By.UNIT, By.PLATFORM]
    counted = await answers.counts(app.core, span, by=keys, zone=settings.zone)
    show_counts(counted, keys, members, settings, as_of=app.core.clock.now())
    silent, _roster = await answers.gaps(
        app.core, since=span.since, until=span.until, zone=settings.zone, rules=settings.gaps.rules
    )
    show_gaps(silent, members, settings)
    publications.show(
        await answers.needs_people(app.core), settings, title=_("What needs a person")
    )
    changed = [pub for pub in await answers.changed_after(app.core) if not owner(pub)]
    publications.show(changed, settings, title=_("Changed in the calendar after publishing"))
    return await _compare(app, posts)


async def _compare(app: App, posts: Sequence[dict[str, Any]]) -> int:
    """Prints both records' counts and the difference; bad news unless it is 0 and nothing hangs."""
    by_bot = await made_by_bot(app.core, posts)
    whole = await everything(app.core, posts)
    _print(_("Posts made by the bot"), by_bot)
    _print(_("All posts, by hand too"), whole)
    hanging = await answers.nobody_answers_for(app.core)
    for pub in hanging:
        screen.print(
            _("[red]{post}@{account} is {state} and owed by nobody[/]").format(
                post=pub.post, account=pub.account, state=words.state(pub.state)
            )
        )
    return OK if not (by_bot.difference or whole.difference or hanging) else BAD_NEWS


def _print(title: str, compared: Comparison) -> None:
    screen.print(
        _(
            "{title}: the platforms show {platforms}, the ledger has {ledger}, difference {n}."
        ).format(
            title=title,
            platforms=compared.platforms,
            ledger=compared.ledger,
            n=compared.difference,
        )
    )
    for name in compared.only_platforms:
        screen.print(_("  [red]only on the platform:[/] {name}").format(name=escape(name)))
    for name in compared.only_ledger:
        screen.print(_("  [red]only in the ledger:[/] {name}").format(name=escape(name)))


async def _verify(settings: Settings, folder: Path) -> int:
    record = folder / _RECORD
    if not record.exists():
        raise UsageError(
            _("There is no demo in {folder} yet: run `bot demo`.").format(folder=folder)
        )
    posts = json.loads(record.read_text(encoding="utf-8"))
    kept = settings_in(folder, settings, schedules=folder / "schedules")
    async with open_app(kept) as app:
        return await _compare(app, posts)


async def _look_again(settings: Settings, folder: Path) -> int:
    kept = settings_in(folder, settings, schedules=folder / "schedules")
    if not (folder / _RECORD).exists():
        raise UsageError(
            _("There is no demo in {folder} yet: run `bot demo`.").format(folder=folder)
        )
    async with open_app(kept, clock=VirtualClock(scenarios.load().end)) as app:
        await _stay(app, "")
    return OK


async def _stay(app: App, simulator: str) -> None:
    """Keeps desk and simulator up until Ctrl-C, so that the month can be looked at."""
    password = await _visitor(app)
    host, port = app.settings.web.address or _USUAL
    stop = asyncio.Event()
    on_stop(stop.set)
    async with AsyncExitStack() as stack:
        for listen in (f"{host}:{port}", f"{_USUAL[0]}:0"):  # another program may have the port
            web = Web(listen=listen)
            settings = app.settings.model_copy(update={"web": web})
            shown = replace(app, settings=settings)
            served = await stack.enter_async_context(watched(shown, lambda _sentence: None))
            if served.address:
                break
        screen.print(
            _("Look at this month at {address}/ (login {login}, password {password}).").format(
                address=served.address, login=_LOGIN, password=password
            )
        )
        if simulator:
            screen.print(_("The simulator stays at {url}.").format(url=simulator))
        screen.print(_("Ctrl-C ends it."))
        await stop.wait()


async def _visitor(app: App) -> str:
    """Somebody who may see and do everything in this month that was only played."""
    core, password = app.core, secrets.token_urlsafe(9)
    now = core.clock.now()
    roles = frozenset(DeskRole) - {DeskRole.LIAISON}
    person = Person(
        login=_LOGIN, name=_("visitor"), roles=roles, levels=frozenset(Level), made_at=now
    )
    async with core.ledger.write() as conn:
        if await people.find(conn, _LOGIN) is None:
            await people.add(conn, person)
        secret = await entrance.invite(conn, _LOGIN, now=now, by="")
    await entrance.redeem(core, secret, password, address="")
    return password
