"""A hand-off package as a page shows it: its texts to copy, its files to take along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bot.domain.plain import plain_text

# How each kind of file is shown; what is not here is not served.
_SHOWN = {
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".md": "text/plain; charset=utf-8",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
}
# Works from its own folder with a script, which a served page may not run.
_LEFT_OUT = frozenset({"发布页.html"})


@dataclass(frozen=True, kw_only=True)
class Box:
    """A text with the name of the field it is pasted into."""

    name: str
    text: str
    page: str = ""  # address of the same laid out, to be opened and copied

    @property
    def rows(self) -> int:
        """How many lines a box needs to show it, within reason."""
        return min(14, self.text.count("\n") + len(self.text) // 24 + 1)


@dataclass(frozen=True, kw_only=True)
class PackageFile:
    """A file of the package."""

    name: str
    size: str  # in words
    content_type: str

    @property
    def address(self) -> str:
        """Its name as part of an address."""
        return quote(self.name)


@dataclass(frozen=True, kw_only=True)
class Package:
    """What there is to take along."""

    boxes: tuple[Box, ...]
    files: tuple[PackageFile, ...]


def open_package(root: Path, name: str) -> Package | None:
    """The package of this name; None when it is not on this machine. Blocks."""
    files = list(_files(root, name))
    if not files:
        return None
    boxes = tuple(_boxes(root / name))
    pages = {box.page for box in boxes if box.page}
    shown = pages | {page.removesuffix("html") + "md" for page in pages}
    return Package(boxes=boxes, files=tuple(one for one in files if one.name not in shown))


def file_of(root: Path, package: str, name: str) -> tuple[Path, str] | None:
    """A file of this package and its content type; None for any other, whatever is asked for."""
    for known in _files(root, package):
        if known.name == name:
            return root / package / name, known.content_type
    return None


def _files(root: Path, name: str) -> Iterator[PackageFile]:
    """What lies directly in the package's folder; a link that leads elsewhere is none of it."""
    folder = root / name
    if not name or name != folder.name or folder.is_symlink() or not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        kind = _SHOWN.get(path.suffix.lower(), "")
        if kind and path.name not in _LEFT_OUT and path.is_file() and not path.is_symlink():
            size = _size(path.stat().st_size)
            yield PackageFile(name=path.name, size=size, content_type=kind)


def _boxes(folder: Path) -> Iterator[Box]:
    try:
        blocks = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["blocks"]
        number = 0
        for one in blocks:
            if not one.get("article"):
                yield Box(name=one["name"], text=one["text"])
                continue
            number += 1
            stem = f"body-{number}" if number > 1 else "body"
            markdown = (folder / f"{stem}.md").read_text(encoding="utf-8")
            yield Box(name=one["name"], text=plain_text(markdown), page=f"{stem}.html")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return  # the files that are there say the same


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(size / 1000, 0.1):.1f} KB"
