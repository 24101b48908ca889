"""A Word file as its parts: a ZIP of XML trees and pictures, opened without trusting it.

Tags and attributes get the usual short prefixes ("w:p", "r:id"), whichever of the two sets of
namespaces (transitional, strict) the program that saved the file uses: ECMA-376 part 4 and part 1.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

MAX_FILE: Final = 100_000_000  # bytes of the whole file
_MAX_XML: Final = 16_000_000  # bytes of one part unpacked; a long article has 0.3 MB
_MAX_PICTURE: Final = 50_000_000
_MAX_PARTS: Final = 5_000
_MAX_DEPTH: Final = 120  # of elements within each other
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PLAIN: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, IndexError,
    NotImplementedError, RuntimeError, OverflowError,
)  # fmt: skip
_OPEN: Final = "http://schemas.openxmlformats.org/"
_STRICT: Final = "http://purl.oclc.org/ooxml/"
_PREFIXES: Final[Mapping[str, str]] = {
    f"{_OPEN}wordprocessingml/2006/main": "w",
    f"{_STRICT}wordprocessingml/main": "w",
    f"{_OPEN}officeDocument/2006/relationships": "r",
    f"{_STRICT}officeDocument/relationships": "r",
    f"{_OPEN}officeDocument/2006/math": "m",
    f"{_STRICT}officeDocument/math": "m",
    f"{_OPEN}drawingml/2006/main": "a",
    f"{_STRICT}drawingml/main": "a",
    f"{_OPEN}drawingml/2006/wordprocessingDrawing": "wp",
    f"{_STRICT}drawingml/wordprocessingDrawing": "wp",
    f"{_OPEN}drawingml/2006/chart": "c",
    f"{_STRICT}drawingml/chart": "c",
    f"{_OPEN}drawingml/2006/diagram": "dgm",
    f"{_STRICT}drawingml/diagram": "dgm",
    f"{_OPEN}drawingml/2006/picture": "pic",
    f"{_STRICT}drawingml/picture": "pic",
    f"{_OPEN}markup-compatibility/2006": "mc",
    f"{_OPEN}package/2006/relationships": "rel",
    f"{_OPEN}package/2006/content-types": "ct",
    "http://schemas.microsoft.com/office/word/2010/wordprocessingShape": "wps",
    "urn:schemas-microsoft-com:vml": "v",
    "urn:schemas-microsoft-com:office:office": "o",
}


class Refused(Exception):
    """The file cannot be used; `code` is that of the problem to tell."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Relation:
    """What an id in one part stands for."""

    kind: str  # "image", "hyperlink", "styles", …
    target: str  # the name of a part, or an address
    external: bool


@dataclass(kw_only=True)
class Package:
    """The parts of one Word file."""

    archive: zipfile.ZipFile
    main: str = ""  # the part with the text
    _relations: dict[str, Mapping[str, Relation]] = field(default_factory=dict)

    def tree(self, name: str) -> Element | None:
        """The XML of a part, None when there is no such part. Raises Refused."""
        raw = self._read(name, _MAX_XML)
        return parsed(raw) if raw is not None else None

    def related(self, kind: str) -> bytes | None:
        """The XML of the one part of this kind that belongs to the text. Raises Refused."""
        every = self.relations(self.main).values()
        found = next((each for each in every if each.kind == kind and not each.external), None)
        return self._read(found.target, _MAX_XML) if found is not None else None

    def picture(self, name: str) -> bytes | None:
        """The bytes of a picture, None when there is no such part. Raises Refused."""
        return self._read(name, _MAX_PICTURE)

    def relations(self, part: str) -> Mapping[str, Relation]:
        """What the ids in this part stand for. Raises Refused."""
        if part not in self._relations:
            folder, name = posixpath.split(part)
            root = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
            every = root if root is not None else ()
            self._relations[part] = {
                each.get("Id", ""): _relation(each, folder)
                for each in every
                if each.tag == "rel:Relationship"
            }
        return self._relations[part]

    def _read(self, name: str, limit: int) -> bytes | None:
        try:
            info = self.archive.getinfo(name)
        except KeyError:
            return None
        if info.flag_bits & 1:
            raise Refused("docx-protected")
        if info.file_size > limit:
            raise Refused("too-large")
        if info.compress_type not in _PLAIN:
            raise Refused("docx-damaged")
        try:
            return self.archive.read(info)  # never more than the size just looked at
        except _BROKEN as error:
            raise Refused("docx-damaged") from error


def open_package(stream: IO[bytes]) -> Package:
    """The parts of the file; raises Refused when it is no Word file that can be used."""
    head = stream.read(len(_OLE))
    if head == _OLE:
        raise Refused(_old_or_locked(stream))
    if head.startswith((b"{\\rtf", b"%PDF")):
        raise Refused("body-kind")
    stream.seek(0)
    try:
        archive = zipfile.ZipFile(stream)
        names = frozenset(archive.namelist())
    except _BROKEN as error:
        raise Refused("docx-damaged") from error
    if len(names) > _MAX_PARTS:
        raise Refused("too-large")
    if "mimetype" in names:  # an OpenDocument text
        raise Refused("body-kind")
    package = Package(archive=archive)
    package.main = _main(package)
    return package


def _old_or_locked(stream: IO[bytes]) -> str:
    """An OLE container is a .doc or .wps of old, or wraps a .docx that has a password.

    [MS-OFFCRYPTO] 2.3.4: such a one has a stream EncryptedPackage.
    """
    locked = "EncryptedPackage".encode("utf-16-le") in stream.read(MAX_FILE)
    return "docx-protected" if locked else "body-kind"


def _main(package: Package) -> str:
    every = package.relations("").values()
    main = next((each.target for each in every if each.kind == "officeDocument"), "")
    if not main or main not in package.archive.namelist():
        raise Refused("docx-damaged")
    types = package.tree("[Content_Types].xml")
    every_type = types if types is not None else ()
    declared = {each.get("PartName"): each.get("ContentType", "") for each in every_type}
    kind = declared.get(f"/{main}", "")
    if kind and "wordprocessingml" not in kind:  # a workbook, slides, or macros in it (.docm)
        raise Refused("body-kind")
    return main


def _relation(element: Element, folder: str) -> Relation:
    target = element.get("Target", "")
    external = element.get("TargetMode") == "External"
    if not external:
        target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
    kind = element.get("Type", "").rpartition("/")[2]
    return Relation(kind=kind, target=target, external=external)


def parsed(raw: bytes) -> Element:
    """The tree with short names. Raises Refused when it is no XML, or too deep."""
    parser = XMLParser(target=_Builder())  # noqa: S314 - takes no document type
    try:
        parser.feed(raw)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise Refused("docx-damaged") from error
    level = [root]
    for _depth in range(_MAX_DEPTH):
        for element in level:
            element.tag = _short(element.tag)
            if element.attrib:
                element.attrib = {_short(name): value for name, value in element.attrib.items()}
        level = [child for element in level for child in element]
        if not level:
            return root
    raise Refused("too-large")


class _Builder(TreeBuilder):
    """Refuses what unfolds in memory or reaches outside: both need a document type."""

    def doctype(self, _name: str, _public: str, _system: str) -> None:
        """Called at the beginning of one."""
        raise Refused("docx-damaged")


@lru_cache(maxsize=4096)
def _short(name: str) -> str:
    if not name.startswith("{"):
        return name
    namespace, _brace, local = name[1:].partition("}")
    return f"{_PREFIXES.get(namespace, 'other')}:{local}"
