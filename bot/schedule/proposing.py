"""What the office's files would be with an entry changed, added or taken out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from bot.domain.problem import Problem
from bot.i18n import _
from bot.schedule import edit_sheet, naming
from bot.schedule.articles import article_for
from bot.schedule.edit_yaml import add_yaml, change_yaml, drop_yaml
from bot.schedule.entries import Entry, Files, Found, NotSaved
from bot.schedule.exports import Plain
from bot.schedule.faults import located, missing
from bot.schedule.folder import MAX_BYTES, Folder
from bot.schedule.lined import Node
from bot.schedule.naming import Gap
from bot.schedule.placing import check_name, empty_file, file_for, place_in
from bot.schedule.replacing import digest
from bot.schedule.shapes import PostShape
from bot.schedule.sources import MAX_SHEET_BYTES, Source, read_source
from bot.schedule.values import is_id
from bot.schedule.wishes import ORDER, Wish, said

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Files as they would be, by path; the calendar is the last."""

    post: str
    file: str
    before: Entry | None
    files: Mapping[str, bytes]
    based: Mapping[str, bytes | None]  # what the same files hold now; None: there is none
    node: Node | None = None  # the entry as it would be read; None when it is taken out
    zone: str = ""  # of its times
    touched: frozenset[str] = frozenset()  # keys somebody wants otherwise


def propose(files: Files, wish: Wish) -> Proposal:
    """What saving the wish would make of the files. Raises NotSaved when that cannot be."""
    if wish.post is None:
        return _new(files, wish)
    return _removed(files, wish.post) if wish.remove else _changed(files, wish, wish.post)


def _new(files: Files, wish: Wish) -> Proposal:
    file = wish.file or file_for(files, said(wish.changes, files.zone))
    zone = files.zone_of(file)
    fields = {key: value for key, value in said(wish.changes, zone).items() if value is not None}
    post = fields["id"] = fields.get("id") or _name(files, fields, wish)
    if not is_id(post) or post in naming.ids(files.sources):
        message = _("The id {id} is taken, or is none: letters, digits and hyphens.")
        raise NotSaved(message.format(id=post), field="id")
    written = article_for(files, None, post, fields, wish.article)
    made: dict[str, bytes] = dict([written]) if written is not None else {}
    based: dict[str, bytes | None] = dict.fromkeys(made)
    if written is not None:
        fields["body"] = written[0]
    fields = {key: fields[key] for key in ORDER if key in fields}
    based[file] = _raw(files, file) if file in files.sources else None
    made[file], node = _with_new(files, file, based[file], fields)
    return Proposal(
        post=post,
        file=file,
        before=None,
        files=made,
        based=based,
        node=node,
        zone=zone,
        touched=frozenset({*fields, "title", "at", "slot"}),
    )


def _changed(files: Files, wish: Wish, post: str) -> Proposal:
    found = files.find(post)
    before = files.entry(found)
    changes = said(wish.changes, before.zone)
    if changes.get("id", post) != post:
        raise NotSaved(_("The id of a post stays what it is."), field="id")
    fields = _applied(before.fields, changes)
    written = article_for(files, before, post, fields, wish.article)
    made: dict[str, bytes] = dict([written]) if written is not None else {}
    based = {path: files.article(path).raw for path in made}
    if written is not None:
        fields["body"] = written[0]
    node: Node | None = found.node
    if fields != before.fields:
        raw = based[found.file] = _raw(files, found.file)
        made[found.file], node = _with_changed(files, found, raw, fields)
    return Proposal(
        post=post,
        file=found.file,
        before=before,
        files=made,
        based=based,
        node=node,
        zone=before.zone,
        touched=frozenset(changes),
    )


def _removed(files: Files, post: str) -> Proposal:
    found = files.find(post)
    raw = _raw(files, found.file)
    wanted = _plain(files.sources[found.file])
    del wanted["posts"][found.index]
    if found.file.endswith(".yaml"):
        made = _made(drop_yaml, raw, found.index)
    else:
        made = _made(edit_sheet.drop, raw, files, found)
    _read_back(files, found.file, made, wanted)
    return Proposal(
        post=post,
        file=found.file,
        before=files.entry(found),
        files={found.file: made},
        based={found.file: raw},
    )


def _applied(fields: Plain, changes: Plain) -> dict[str, Any]:
    merged = {**fields, **{key: value for key, value in changes.items() if value is not None}}
    gone = {key for key, value in changes.items() if value is None}
    return {key: copy.deepcopy(value) for key, value in merged.items() if key not in gone}


def ids_for(root: Path, wish: Wish, zone: str) -> list[str]:
    """The ids a new entry may get, the likeliest first. Raises NotSaved."""
    files = Files(root=root, zone=zone)
    file = wish.file or file_for(files, said(wish.changes, zone))
    return naming.proposals(_gap(said(wish.changes, files.zone_of(file))))


def _name(files: Files, fields: Plain, wish: Wish) -> str:
    gap = _gap(fields)
    named = naming.name([gap], naming.ids(files.sources), wish.known)
    if gap not in named:
        message = _("The same post, of this time and title, is in the calendar already.")
        raise NotSaved(message, field="title")
    return named[gap]


def _gap(fields: Plain) -> Gap:
    title, after = (str(fields.get(key) or "") for key in ("title", "after"))
    when = str(fields.get("at") or fields.get("slot") or "")
    return Gap(file="", index=0, cell=None, when=when, title=title, after=after)


def _raw(files: Files, file: str) -> bytes:
    """The bytes of a calendar file that can be read to its end."""
    if files.sources[file].root is None:
        message = _("{file} cannot be read; put it right first.").format(file=file)
        raise NotSaved(message, passing=True)
    full, _why = files.view.locate(file)
    try:
        raw = full.read_bytes() if full is not None else b""
    except OSError as error:
        message = _("{file} cannot be opened: {why}")
        raise NotSaved(message.format(file=file, why=error.strerror), passing=True) from error
    if files.view.seen.get(file) != digest(raw):
        message = _("{file} was changed just now; please try again.").format(file=file)
        raise NotSaved(message, passing=True)
    return raw


def _with_changed(
    files: Files, found: Found, raw: bytes, fields: Plain
) -> tuple[bytes, Node | None]:
    """The calendar with an entry changed, and that entry as it is read then."""
    file = found.file
    wanted = _plain(files.sources[file])
    old, wanted["posts"][found.index] = wanted["posts"][found.index], fields
    if file.endswith(".yaml"):
        made = _made(change_yaml, raw, found.index, old, fields, ORDER)
    else:
        made = _made(edit_sheet.change, raw, files, found, old, fields)
    return made, _post(_read_back(files, file, made, wanted), found.index)


def _with_new(
    files: Files, file: str, raw: bytes | None, fields: Plain
) -> tuple[bytes, Node | None]:
    """The calendar with one more entry, and that entry as it is read then."""
    if raw is None:
        check_name(files, file)
        if not file.endswith(".yaml"):
            edit_sheet.check_sayable(fields, file)
        made = empty_file(files, file, fields)
        root = _read(files, file, made)
        if root is None:
            raise _by_hand(file)
        return made, _post(root, 0)
    wanted = _plain(files.sources[file])
    if file.endswith(".yaml"):
        after = place_in(wanted["posts"], fields)
        made = _made(add_yaml, raw, fields, after)
        index = len(wanted["posts"]) if after is None else after + 1
    else:
        made, index = _made(edit_sheet.add, raw, files, file, fields)
    wanted["posts"].insert(index, fields)
    return made, _post(_read_back(files, file, made, wanted), index)


def _made(change: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `change` makes. Raises NotSaved where it cannot be made safely."""
    try:
        return change(*args, **kwargs)
    except (ValueError, LookupError, RecursionError) as error:
        raise _by_hand("") from error


def _read_back(files: Files, file: str, made: bytes, wanted: Any) -> Node:
    """The changed file as it is read. Raises NotSaved when it says anything but `wanted`."""
    if len(made) > (MAX_BYTES if file.endswith(".yaml") else MAX_SHEET_BYTES):
        raise NotSaved(_("{file} would become too large.").format(file=file))
    root = _read(files, file, made)
    if root is None or not _alike(file, _plain_of(root), wanted):
        raise _by_hand(file)
    return root


def _read(files: Files, file: str, made: bytes) -> Node | None:
    return read_source(Folder(root=files.root, instead={file: made}), file, files.zone).root


def _alike(file: str, one: Any, other: Any) -> bool:
    if file.endswith(".yaml"):
        return bool(one == other)
    return edit_sheet.alike(one, other)


def _plain(source: Source) -> Any:
    assert source.root is not None  # else its bytes had been refused
    return _plain_of(source.root)


def _plain_of(root: Node) -> Any:
    plain: Any = root.plain()
    plain["posts"] = plain.get("posts") or []
    return plain


def _post(root: Node, index: int) -> Node | None:
    return root.get("posts", index)


def _by_hand(file: str) -> NotSaved:
    message = _(
        "This cannot be put into {file} without changing something else: a formula, a merged cell "
        "or an unusual way of writing stands there. Write it in yourself."
    )
    return NotSaved(message.format(file=file or _("the calendar file")))


def faults(proposal: Proposal) -> list[tuple[str, Problem]]:
    """What no post can have among the keys that were touched, each with its key.

    One such entry would keep the whole file from being taken over.
    """
    node = proposal.node
    if node is None:
        return []
    zone = ZoneInfo(proposal.zone)
    found = located(PostShape, node, proposal.file, post=proposal.post, zone=zone)
    if node.text("column") and node.get("title") is None:  # the column may give it
        found = [(key, problem) for key, problem in found if key != "title"]
    if node.get("at") is None and node.get("slot") is None:
        found.append(("at", missing(node, ("at",), "at", proposal.file, proposal.post)))
    return [(key, one) for key, one in found if key.partition(".")[0] in proposal.touched]
