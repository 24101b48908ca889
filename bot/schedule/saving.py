"""Saves an entry that somebody changed into the office's own files, and nothing else in them.

Whatever happens, each file is the old one or the new one, whole. Who saves last does not win: an
entry that is not what was seen any more is not written over.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from bot.i18n import _
from bot.schedule.entries import Conflict, Entry, Files, NotSaved
from bot.schedule.proposing import Proposal, faults, propose
from bot.schedule.replacing import NotReplaced, Why, digest, replace_file, sync_folder
from bot.schedule.wishes import Wish

LOCK: Final = ".editing.lock"  # hidden, so that it is no change of the folder
_WAIT_S: Final = 10.0  # for somebody else's saving, which takes a fraction of a second


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What was written."""

    post: str
    file: str
    entry: Entry | None  # as it stands in its file now; None when it was taken out
    written: tuple[str, ...]  # paths, none when everything was so already


def save(root: Path, wish: Wish, *, seen_version: str | None, zone: str = "Asia/Shanghai") -> Saved:
    """Writes the changes into the entry's own lines or cells, its long text into its own file.

    `seen_version` is that of the entry the changes were made to, None for a new one; `zone` that of
    sheets which name none. Raises Conflict when the entry is another one by now, NotSaved for
    everything else that keeps it from being saved, and leaves all files as they were.
    """
    with _alone(root):
        files = Files(root=root, zone=zone)
        before = _seen(files, wish, seen_version)
        proposal = propose(files, wish)
        for key, problem in faults(proposal):
            raise NotSaved(f"{problem.message} {problem.hint}".strip(), field=key)
        _write(root, proposal)
        if not proposal.files and before is not None:
            return Saved(post=before.id, file=before.file, entry=before, written=())
        files = Files(root=root, zone=zone)
        now = None if wish.remove else files.entry(files.find(proposal.post))
        return Saved(
            post=proposal.post, file=proposal.file, entry=now, written=tuple(proposal.files)
        )


def move(
    root: Path,
    post: str,
    due_at: datetime,
    *,
    seen_version: str | None,
    zone: str = "Asia/Shanghai",
) -> Saved:
    """Gives the post another time. It then no longer follows a slot or another post.

    It stays in its file, also when that is another month's. Raises as `save`.
    """
    return save(root, moved(post, due_at), seen_version=seen_version, zone=zone)


def moved(post: str, due_at: datetime) -> Wish:
    """What `move` saves, for those who want it checked first. `due_at` is aware."""
    return Wish(post=post, changes={"at": due_at, "slot": None, "after": None})


def remove(
    root: Path, post: str, *, seen_version: str | None, zone: str = "Asia/Shanghai"
) -> Saved:
    """Takes the post out of the calendar: its lines, or its row; a workbook's row is marked “#”.

    Its body and media stay where they are. Raises as `save`.
    """
    return save(root, Wish(post=post, remove=True), seen_version=seen_version, zone=zone)


def _seen(files: Files, wish: Wish, seen_version: str | None) -> Entry | None:
    """The entry as it is, if it is what was seen. Raises Conflict and NotSaved."""
    if wish.post is None:
        return None
    if not any(one.node.text("id") == wish.post for one in files.posts()):
        broken = [name for name, source in files.sources.items() if source.root is None]
        if not broken:
            message = _("The post {post} was taken out of the calendar meanwhile.")
            raise Conflict(message.format(post=wish.post), None)
    now = files.entry(files.find(wish.post))
    if now.version != seen_version:
        message = _("{place} was changed meanwhile. Look at both and decide.")
        raise Conflict(message.format(place=now.place), now)
    return now


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One saving at a time, whichever program does it."""
    if not root.is_dir():
        raise NotSaved(_("The folder {folder} cannot be read.").format(folder=root.name))
    lock = FileLock(str(root / LOCK), timeout=_WAIT_S, fallback_to_soft=False)
    held = True
    try:
        lock.acquire()
    except Timeout as error:
        message = _("Somebody else is saving just now. Please try again.")
        raise NotSaved(message, passing=True) from error
    except (OSError, NotImplementedError):
        held = False  # some network drives cannot lock; each file is still looked at before
    try:
        yield
    finally:
        if held:
            lock.release()


def _write(root: Path, proposal: Proposal) -> None:
    """Writes the body, then the calendar that names it; puts the body back if that fails."""
    done: list[str] = []
    try:
        for path, content in proposal.files.items():
            _write_one(root, path, proposal.based[path], content)
            done.append(path)
    except (NotSaved, OSError) as error:
        for path in done:
            _put_back(root, path, proposal.files[path], proposal.based[path])
        if isinstance(error, OSError):
            message = _("{file} cannot be written: {why}")
            why = error.strerror or error
            raise NotSaved(message.format(file=proposal.file, why=why), passing=True) from error
        raise


def _write_one(root: Path, path: str, before: bytes | None, content: bytes) -> None:
    full = root / path
    if before is None:
        _create(root, full, content)
        return

    def change(raw: bytes) -> bytes:
        if digest(raw) != digest(before):
            raise NotReplaced(Why.CHANGED)
        return content

    try:
        replace_file(full.resolve(), change, lambda fresh: fresh.read_bytes() == content)
    except NotReplaced as error:
        raise _refusal(error, path) from error


def _create(root: Path, full: Path, content: bytes) -> None:
    """A file that is not there yet; whole from its first moment on."""
    folder = full.parent
    if not folder.resolve().is_relative_to(root.resolve()):
        raise NotSaved(_("{path} leads out of the schedules folder.").format(path=full.name))
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{full.name}.", suffix=".tmp", dir=folder)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            fresh.chmod(folder.stat().st_mode & 0o666)
            os.fsync(stream.fileno())
        if os.path.lexists(full):
            message = _("{file} was changed just now; please try again.")
            raise NotSaved(message.format(file=full.name), passing=True)
        os.replace(fresh, full)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()
    sync_folder(folder)


def _put_back(root: Path, path: str, made: bytes, before: bytes | None) -> None:
    """What was written before a failure; left alone where somebody has changed it since."""
    full = root / path
    with suppress(OSError, NotSaved):
        if full.read_bytes() != made:
            return
        if before is None:
            full.unlink()
        else:
            _write_one(root, path, made, before)


def _refusal(error: NotReplaced, file: str) -> NotSaved:
    if error.why is Why.OPEN:
        message = _(
            "{file} is open on somebody's screen. Please close it and try again. If nobody has "
            "it open, delete {lock}."
        )
        return NotSaved(message.format(file=file, lock=error.detail), passing=True)
    if error.why is Why.OWNER:
        message = _("{file} belongs to somebody else, and would belong to the bot afterwards.")
        return NotSaved(message.format(file=file))
    message = _("{file} was changed just now; please try again.")
    return NotSaved(message.format(file=file), passing=True)
