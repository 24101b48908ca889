"""Settings, calendar folder, key file, free space: what stands on this machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import ValidationError

from adapters import registry
from bot.doctor.finding import Finding, Level, ok
from bot.domain import setting_faults
from bot.domain.problem import Problem, Severity
from bot.domain.roster import Account
from bot.engine.ignored import sift
from bot.errors import LedgerError, UsageError
from bot.i18n import _
from bot.ledger.inspect import sqlite_file
from bot.schedule.reader import read
from bot.settings import Settings
from bot.wiring.platforms import Catalog
from bot.wiring.rulebook import check_options

_MB = 1024 * 1024
_PROBE_BYTES = 64 * 1024


async def platform_settings(settings: Settings) -> list[Finding]:
    """Each platform's own part of the settings, which is otherwise checked when first needed."""
    check, found = "settings", []
    for name, given in settings.platforms.items():
        try:
            _try_out(settings, name, given)
        except ValidationError as error:
            cause = setting_faults.in_words(error.errors())
        except UsageError as error:
            cause = str(error)
        else:
            continue
        found.append(
            Finding(
                check=check,
                code="platform_settings",
                level=Level.ERROR,
                message=_("The settings of {platform} cannot be used: {details}").format(
                    platform=name, details=cause
                ),
                advice=_("Its accounts publish nothing. Mend [platforms.{platform}].").format(
                    platform=name
                ),
            )
        )
    return found or [ok(check, _("The settings are valid."))]


def _try_out(settings: Settings, name: str, given: Mapping[str, object]) -> None:
    kind = registry.adapter_for(name)
    kind.Config.model_validate({key: value for key, value in given.items() if key != "quotas"})
    anybody = Account(id=name, unit="", platform=name, name="", verified_name="")
    Catalog(settings.platforms).capabilities(anybody)  # the quotas


async def schedules(settings: Settings) -> list[Finding]:
    """The calendar folder, and whether what stands in it can be read."""
    folder = settings.office.schedules
    advice = _("No new post is taken over. Check the path in office.schedules and its rights.")
    try:
        names = os.listdir(folder)
    except OSError as error:
        message = _("The folder {folder} cannot be read: {cause}").format(
            folder=folder, cause=error.strerror
        )
        return [_unreadable("folder_unreadable", message, advice)]
    shut = [name for name in sorted(names) if not os.access(folder / name, os.R_OK)]
    if shut:
        message = _("These files of {folder} cannot be read: {names}").format(
            folder=folder, names=", ".join(shut)
        )
        return [_unreadable("files_unreadable", message, advice)]
    reading = read(
        folder,
        platforms=registry.platforms(),
        modes=registry.modes,
        zone=settings.office.timezone,
        options=check_options(settings),
    )
    kept = sift(reading.problems, reading).kept
    return [_calendar(settings, len(reading.posts), kept), *_reviewed(kept)]


def _unreadable(code: str, message: str, advice: str) -> Finding:
    return Finding(check="schedules", code=code, level=Level.ERROR, message=message, advice=advice)


def _reviewed(problems: Iterable[Problem]) -> list[Finding]:
    """Columns the settings want reviewed by a name the calendar does not know."""
    return [
        Finding(
            check="schedules",
            code="review_column_unknown",
            level=Level.WARNING,
            message=problem.message,
            advice=problem.hint,
        )
        for problem in problems
        if problem.code == "unknown-review-column"
    ]


def _calendar(settings: Settings, posts: int, problems: Iterable[Problem]) -> Finding:
    errors = Counter(p.place.file for p in problems if p.severity is Severity.ERROR)
    if not errors:
        return ok("schedules", _("The calendar has {count} posts.").format(count=posts))
    return Finding(
        check="schedules",
        code="calendar_errors",
        level=Level.WARNING,
        message=_("The calendar has {count} mistakes: {files}").format(
            count=errors.total(),
            files=_("; ").join(_faulty(settings, file, errors[file]) for file in sorted(errors)),
        ),
        advice=_(
            "What was planned from the last good version stays in force; nothing new is taken over "
            "where the mistakes are. Run `bot check`; it names each."
        ),
    )


def _faulty(settings: Settings, file: str, errors: int) -> str:
    """A file, how many mistakes, and since when they may be in it."""
    path = settings.office.schedules / file
    try:
        saved = datetime.fromtimestamp(path.stat().st_mtime, settings.zone)
    except (OSError, ValueError, OverflowError):
        return f"{file or path} {errors}"
    return _("{file} {errors} (saved {when})").format(
        file=file or path.name, errors=errors, when=f"{saved:%m-%d %H:%M}"
    )


async def key(settings: Settings) -> list[Finding]:
    """The key that seals the credentials: there, a key, and for its owner's eyes only."""
    file = settings.files.key
    if settings.secret_key is not None:
        return [_as_key(key_text(settings), "BOT_SECRET_KEY")]
    if not file.exists():
        return [
            Finding(
                check="key",
                code="no_key_yet",
                level=Level.NOTE,
                message=_("There is no key file {file} yet.").format(file=file),
                advice=_(
                    "It is made on first use. If credentials were stored before, put the old "
                    "file back: without it they cannot be opened."
                ),
            )
        ]
    if os.name == "posix" and file.stat().st_mode & 0o077:
        return [
            Finding(
                check="key",
                code="key_readable_by_others",
                level=Level.ERROR,
                message=_("The key file {file} can be read by others.").format(file=file),
                advice=_(
                    "Whoever reads it can open all credentials, so the bot refuses to start. Run: "
                    "chmod 600 {file}"
                ).format(file=file),
            )
        ]
    return [_as_key(key_text(settings), str(file))]


def key_text(settings: Settings) -> str:
    """The key in force as text; "" when there is none yet."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    file = settings.files.key
    return file.read_text(encoding="ascii", errors="replace").strip() if file.exists() else ""


def _as_key(text: str, place: str) -> Finding:
    try:
        Fernet(text)
    except ValueError:
        return Finding(
            check="key",
            code="no_key",
            level=Level.ERROR,
            message=_("{place} holds no key.").format(place=place),
            advice=_(
                "Put the right one back: 32 bytes in url-safe base64. Nothing starts without."
            ),
        )
    return ok("key", _("The key is in order."))


async def space(settings: Settings) -> list[Finding]:
    """Room and rights where the bot writes: the ledger and the packages for people."""
    folders = {"handoff": settings.files.handoff}
    try:
        file = sqlite_file(settings.ledger.url)
    except LedgerError:
        file = None  # told by the check of the ledger
    if file is not None:
        folders["ledger"] = file.absolute().parent
    return [_room(name, folder, settings) for name, folder in folders.items()]


def _room(name: str, folder: Path, settings: Settings) -> Finding:
    check = f"disk_{name}"
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=there) as probe:  # gone however this ends
            probe.write(b"\0" * _PROBE_BYTES)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return Finding(
            check=check,
            code="not_writable",
            level=Level.ERROR,
            message=_("Nothing can be written in {folder}: {cause}").format(
                folder=there, cause=error.strerror
            ),
            advice=_("The bot must write there. Make room on the disk, or mend the rights."),
        )
    free_mb = shutil.disk_usage(there).free // _MB
    if free_mb < settings.doctor.disk_free_mb:
        return Finding(
            check=check,
            code="disk_nearly_full",
            level=Level.WARNING,
            message=_("{folder} has {free} MB free.").format(folder=there, free=free_mb),
            advice=_("On a full disk nothing is sent, since it could not be recorded. Make room."),
        )
    return ok(check, _("{folder} has {free} MB free.").format(folder=there, free=free_mb))
