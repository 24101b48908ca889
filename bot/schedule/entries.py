"""A post as it stands in its calendar file, in the words of whoever wrote it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.domain.problem import Place, has_errors
from bot.errors import UsageError
from bot.i18n import _
from bot.schedule.exports import Plain
from bot.schedule.folder import Folder
from bot.schedule.lined import Node
from bot.schedule.reader import calendar_files
from bot.schedule.sources import Source, read_source

_CHINESE: Final = "gb18030"  # of plain texts of older programs, as bodies.py reads them
_MARKDOWN: Final = (".md", ".markdown")


class NotSaved(UsageError):
    """Nothing was written; the text says why and what to do.

    `field` is the key it is about, "" for none; `passing`: another try may go well.
    """

    def __init__(self, message: str, *, field: str = "", passing: bool = False) -> None:
        super().__init__(message)
        self.field = field
        self.passing = passing


class Conflict(NotSaved):
    """The entry is not any more what was seen; `now` is what it is, None when it is gone."""

    def __init__(self, message: str, now: Entry | None) -> None:
        super().__init__(message)
        self.now = now


@dataclass(frozen=True, kw_only=True)
class Article:
    """The file with an entry's long text."""

    path: str  # as the entry names it
    raw: bytes | None = None  # None: not there, or it cannot be read
    encoding: str = ""  # "" when it is no text that can be changed here: a Word text
    text: str = ""  # with line ends as ours
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A post as it stands in its file."""

    id: str
    file: str
    place: Place
    # Its own keys and values as a YAML calendar has them, whatever kind of file it is: text, None
    # for a key with nothing after it, lists and groups of these.
    fields: Plain
    lent: Plain  # what its column and the file's defaults give where it says nothing itself
    article: Article | None  # its own body; None when it names none
    version: str  # another one as soon as the entry, or its body, says something else
    zone: str  # of its times


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where an entry stands."""

    file: str
    index: int  # among the posts of its file
    node: Node


@dataclass(kw_only=True)
class Files:
    """The calendar files of a folder as they are at one moment, each read once."""

    root: Path
    zone: str  # of sheets that name none
    view: Folder = field(init=False)

    def __post_init__(self) -> None:
        self.view = Folder(root=self.root)

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        names, _problems = calendar_files(self.root)
        return {name: read_source(self.view, name, self.zone) for name in names}

    def posts(self) -> Iterator[Found]:
        """Every entry, in the order of the files."""
        for file, source in self.sources.items():
            posts = source.root.get("posts") if source.root is not None else None
            for index, node in enumerate(posts.items() if posts is not None else ()):
                yield Found(file=file, index=index, node=node)

    def find(self, post: str) -> Found:
        """Where the entry stands. Raises NotSaved when that cannot be told."""
        found = [one for one in self.posts() if one.node.text("id") == post]
        if len(found) == 1:
            return found[0]
        if found:
            places = ", ".join(str(one.node.place(one.file)) for one in found)
            message = _("The id {id} stands twice, at {places}. Give one of them another id first.")
            raise NotSaved(message.format(id=post, places=places))
        broken = [name for name, source in self.sources.items() if source.root is None]
        if broken:
            message = _("There is no post {post}; {file} cannot be read now and may hold it.")
            raise NotSaved(message.format(post=post, file=", ".join(broken)), passing=True)
        raise NotSaved(_("There is no post {post} in the calendar files.").format(post=post))

    def entry(self, found: Found) -> Entry:
        """The entry as it is."""
        fields = found.node.plain()
        if not isinstance(fields, dict):
            message = _("{place} is no group of keys and values.")
            raise NotSaved(message.format(place=found.node.place(found.file)))
        article = self.article(fields["body"]) if isinstance(fields.get("body"), str) else None
        return Entry(
            id=found.node.text("id"),
            file=found.file,
            place=found.node.place(found.file),
            fields=fields,
            lent=self._lent(found),
            article=article,
            version=version_of(fields, article),
            zone=self.zone_of(found.file),
        )

    def zone_of(self, file: str) -> str:
        """The zone of a file's times. Raises NotSaved for one that is not known."""
        root = self.sources[file].root if file in self.sources else None
        name = (root.text("timezone") if root is not None else "") or self.zone
        try:
            return ZoneInfo(name).key
        except (KeyError, ValueError, OSError) as error:
            message = _("The timezone “{zone}” is not known.").format(zone=name)
            raise NotSaved(message) from error

    def article(self, path: str) -> Article:
        """The long text a path names."""
        ending = path.lower().rpartition(".")[2]
        raw, problems = self.view.read_bytes(path, Place(file=path))
        if raw is None or has_errors(problems):
            return Article(path=path)
        digest = hashlib.sha256(raw).hexdigest()
        for encoding in ("utf-8-sig", _CHINESE) if ending == "txt" else ("utf-8-sig",):
            try:
                text = raw.decode(encoding) if ending != "docx" else None
            except UnicodeDecodeError:
                continue
            if text is not None:
                text = text.replace("\r\n", "\n").replace("\r", "\n")
                return Article(path=path, raw=raw, encoding=encoding, text=text, digest=digest)
        return Article(path=path, raw=raw, digest=digest)

    def _lent(self, found: Found) -> Plain:
        root = self.sources[found.file].root
        defaults: Any = root.get("defaults") if root is not None else None
        lent = _group(defaults.plain() if defaults is not None else None)
        name = found.node.text("column").strip()
        for source in self.sources.values():
            column = source.root.get("columns", name) if source.root is not None and name else None
            said = _group(column.plain() if column is not None else None)
            lent |= _group(said.get("defaults"))
            lent |= {key: said[key] for key in ("accounts", "window") if said.get(key)}
        return {key: value for key, value in lent.items() if value is not None}


def entry(root: Path, post: str, *, zone: str = "Asia/Shanghai") -> Entry:
    """The post as it stands in its file. Raises NotSaved when it cannot be found or read."""
    files = Files(root=root, zone=zone)
    return files.entry(files.find(post))


def version_of(fields: Plain, article: Article | None) -> str:
    """What an entry and its body say, in one short text."""
    said = [fields, article.digest if article is not None else ""]
    raw = json.dumps(said, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
    return hashlib.sha256(raw).hexdigest()[:32]


def _group(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}
