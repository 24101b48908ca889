"""Files that commands write for people: whole, and never over another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.output import notes
from bot.errors import UsageError
from bot.i18n import _

OutOption = Annotated[
    Path | None,
    typer.Option("--out", help=_("write to this file instead of the screen; never over another")),
]


def deliver(data: bytes, out: Path | None, *, force: bool = False) -> None:
    """Writes `data` to a new file, or to stdout; raises UsageError when the file is there.

    With `force` a file that is there is replaced.
    """
    if out is None:
        typer.echo(data, nl=False)
        return
    try:
        with out.open("wb" if force else "xb") as file:
            file.write(data)
    except FileExistsError as error:
        message = _("{file} is there already, and nothing is written over it. Give another name.")
        raise UsageError(message.format(file=out)) from error
    except OSError as error:
        message = _("{file} cannot be written: {why}")
        raise UsageError(message.format(file=out, why=error.strerror)) from error
    notes.print(_("Written: {file}").format(file=out), markup=False, soft_wrap=True)
