"""`bot preview`: what a post will look like on every account, before anything is sent."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from selectolax.lexbor import LexborHTMLParser

from bot.cli.calendar import show_problems
from bot.cli.loop import on_stop
from bot.cli.output import BAD_NEWS, OK, Format, FormatOption, emit, iso, screen, settings_in_force
from bot.domain.problem import Problem, has_errors
from bot.errors import UsageError
from bot.i18n import _
from bot.preview.frames import Frame, Preview
from bot.preview.making import Made, Order, make
from bot.preview.page import MARK
from bot.preview.serving import serving
from bot.settings import Settings


def preview(
    post: Annotated[str, typer.Argument(help=_("the post's id"))],
    out: Annotated[
        Path | None, typer.Option("--out", help=_("the file to write; var/preview if left out"))
    ] = None,
    account: Annotated[list[str] | None, typer.Option(help=_("only on this account"))] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help=_("serve it on this machine, made anew at each reload"))
    ] = False,
    port: Annotated[int, typer.Option(help=_("port; 0 takes a free one"))] = 0,
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows a post as each platform will show it, on one page."""
    settings = settings_in_force()
    order = Order(post=post, accounts=frozenset(account or ()))
    made = make(settings, order)
    if serve:
        asyncio.run(_serve(settings, order, port))
        return
    problems = tuple(_problems(made))
    if form is Format.JSON:
        emit(_as_json(made, settings))
    elif made.shown is None:
        show_problems(made.problems, made.reading)
    else:
        _tell(made.shown, problems, _written(made, out, settings))
    raise typer.Exit(BAD_NEWS if has_errors(problems) else OK)


async def _serve(settings: Settings, order: Order, port: int) -> None:
    async with serving(settings, order, port=port) as address:
        message = _("The preview is at {address}; reload it after a change. Press Ctrl-C to stop.")
        screen.print(message.format(address=address), soft_wrap=True)
        stop = asyncio.Event()
        on_stop(stop.set)
        await stop.wait()


def _written(made: Made, out: Path | None, settings: Settings) -> Path:
    """Where the page is now; whole or not at all. Raises UsageError when it cannot be written."""
    name = re.sub(r"[^\w.-]", "_", made.shown.post.id if made.shown else "")
    target = out or settings.files.preview / f"{name}.html"
    try:
        _spare(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, new = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(made.html.encode("utf-8", "replace"))
        Path(new).chmod(0o644)  # mkstemp makes it private
        Path(new).replace(target)
    except OSError as error:
        message = _("{file} cannot be written: {cause}").format(file=target, cause=error.strerror)
        raise UsageError(message) from error
    return target


def _spare(file: Path) -> None:
    """Raises UsageError when the file holds anything but an earlier preview."""
    if file.exists() and not file.read_bytes().startswith(MARK.encode()):
        message = _("{file} is there already, and nothing is written over it. Give another name.")
        raise UsageError(message.format(file=file))


def _tell(shown: Preview, problems: tuple[Problem, ...], file: Path) -> None:
    screen.print(
        _("{looks} looks on {accounts} accounts; {problems} problems.").format(
            looks=len(shown.frames),
            accounts=sum(len(frame.showings) for frame in shown.frames),
            problems=len(problems),
        )
    )
    screen.print(escape(_("The preview is in {file}").format(file=file)), soft_wrap=True)


def _problems(made: Made) -> Iterator[Problem]:
    yield from made.problems
    if made.shown is not None:
        yield from made.shown.problems
        for frame in made.shown.frames:
            yield from frame.problems


def _as_json(made: Made, settings: Settings) -> dict[str, Any]:
    shown = made.shown
    own = made.problems if shown is None else shown.problems
    return {
        "post": shown.post.id if shown else None,
        "title": shown.post.title if shown else None,
        "due_at": iso(shown.post.due_at if shown else None, settings.zone),
        "problems": [problem.as_json() for problem in own],
        "frames": [_frame(frame, settings) for frame in shown.frames] if shown else [],
    }


def _frame(frame: Frame, settings: Settings) -> dict[str, Any]:
    first = frame.lengths[0] if frame.lengths else None
    wants = [showing.want for showing in frame.showings]
    return {
        "platform": frame.platform,
        "kind": frame.kind.value,
        "accounts": [want.account.id for want in wants],
        "by_hand": [want.account.id for want in wants if want.by_hand],
        "due_at": iso(min(want.due_at for want in wants), settings.zone),
        "title": frame.variant.title,
        "screens": [_words(one.content) for one in frame.screens],
        "length": first.length if first else None,
        "limit": first.limit if first else None,
        "lengths": [
            {"name": one.name, "length": one.length, "limit": one.limit} for one in frame.lengths
        ],
        "problems": [
            {**problem.as_json(), "accounts": names} for problem, names in frame.problems.items()
        ],
    }


def _words(content: str) -> str:
    """What a screen says, one line for each piece."""
    return LexborHTMLParser(content).text(separator="\n", strip=True)
