"""The parts of an .xlsx file, unpacked only when that is safe."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from xml.parsers import expat

from bot.domain.problem import Place, Problem
from bot.i18n import _
from bot.schedule.lined import too_large

_MAX_PARTS: Final = 2_000
_MAX_UNPACKED: Final = 64_000_000  # bytes of all parts that are read; a month has under 500 kB
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old Office files and encrypted new ones
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
# Nothing of these is a calendar's; they are not even unpacked.
_ASIDE: Final = re.compile(
    r"(?i)^(?:docProps|customXml|customUI|xl/(?:media|drawings|charts|externalLinks|embeddings|"
    r"printerSettings|activeX|ctrlProps|theme|persons|threadedComments|richData|pivot\w*|slicer\w*|"
    r"queryTables|connections)|xl/comments\d*\.xml|xl/calcChain\.xml|\[trash\])"
)
_DECLARATION: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_FORBIDDEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)


class Unreadable(Exception):
    """The file cannot be read as a workbook; carries what is told about it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True, kw_only=True)
class Package:
    """A workbook's parts by name, every one of them unpacked and of bearable size."""

    parts: Mapping[str, bytes]
    macros: bool

    def elements(self, name: str) -> list[tuple[str, dict[str, str]]]:
        """The elements of a part with their attributes, names without prefixes; [] without it.

        Raises expat.ExpatError when the part is no XML.
        """
        return list(elements(self.parts.get(name, b"<none/>")))

    @cached_property
    def repacked(self) -> bytes:
        """A file that holds these parts and nothing else.

        What reads it can come upon nothing that was not looked at here: no second directory, no
        part that unpacks to more than it says.
        """
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for name, content in self.parts.items():
                archive.writestr(zipfile.ZipInfo(name), content)
        return stream.getvalue()


def elements(xml: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Every element that begins, with its attributes; names without prefixes."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        plain = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        found.append((name.rpartition(":")[2], plain))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.Parse(xml, True)
    return iter(found)


def unpack(raw: bytes, file: str) -> Package:
    """The parts of the file. Raises Unreadable for what is no workbook or not safe to unpack."""
    place = Place(file=file)
    if raw.startswith(_OLE):
        raise Unreadable(_encrypted(place) if _ENCRYPTED in raw else _old(place))
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = _parts(archive, file)
    except _FORBIDDEN as error:
        raise Unreadable(_damaged(place, raw)) from error
    except (NotImplementedError, zipfile.LargeZipFile) as error:  # an unusual way of packing
        raise Unreadable(_damaged(place, raw)) from error
    types = parts.get("[Content_Types].xml", b"")
    if "xl/workbook.xml" not in parts and b"spreadsheetml" not in types:
        raise Unreadable(not_a_workbook(place))
    macros = b"macroEnabled" in types or any("vbaProject" in name for name in parts)
    return Package(parts=parts, macros=macros)


def _parts(archive: zipfile.ZipFile, file: str) -> dict[str, bytes]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    wanted = [info for info in infos if not _ASIDE.match(info.filename)]
    total = sum(info.file_size for info in wanted)
    if len(infos) > _MAX_PARTS or total > _MAX_UNPACKED:
        raise Unreadable(too_large(Place(file=file)))
    if len({info.filename.lower() for info in infos}) < len(infos):
        raise zipfile.BadZipFile("two parts of one name")
    parts = {}
    for info in wanted:
        if info.filename.lower().endswith(".bin"):
            parts[info.filename] = b""
            continue
        with archive.open(info) as stream:
            # Ends at the size the directory gives, and fails where there is more.
            parts[info.filename] = stream.read()
        if _DECLARATION.search(parts[info.filename]):
            raise zipfile.BadZipFile("a declaration that no workbook has")
    return parts


def _encrypted(place: Place) -> Problem:
    return Problem(
        code="workbook-encrypted",
        message=_("{file} is protected with a password and cannot be read.").format(
            file=place.file
        ),
        hint=_("Open it and save it again without a password."),
        place=place,
    )


def _old(place: Place) -> Problem:
    return Problem(
        code="workbook-old",
        message=_("{file} is a workbook of the old kind (.xls), whatever its name says.").format(
            file=place.file
        ),
        hint=_("Open it, choose “Save as” and the type Excel workbook (.xlsx)."),
        place=place,
    )


def _damaged(place: Place, raw: bytes) -> Problem:
    if not raw.startswith(b"PK"):
        return not_a_workbook(place)
    return damaged(place)


def damaged(place: Place) -> Problem:
    """The problem of a workbook of which something is missing or changed."""
    return Problem(
        code="workbook-damaged",
        message=_("{file} is damaged or was cut off.").format(file=place.file),
        hint=_("Copy it again, or open it, let the program repair it and save it."),
        place=place,
    )


def not_a_workbook(place: Place) -> Problem:
    """The problem of another kind of file under a workbook's name."""
    return Problem(
        code="not-a-workbook",
        message=_("{file} is no Excel workbook, whatever its name says.").format(file=place.file),
        hint=_("Open it, choose “Save as” and the type Excel workbook (.xlsx)."),
        place=place,
    )
