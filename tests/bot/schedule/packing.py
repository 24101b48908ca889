"""Word files put together part by part, as programs write them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from PIL import Image

OPEN = "http://schemas.openxmlformats.org"
STRICT = "http://purl.oclc.org/ooxml"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


@cache
def png(colour: str = "red", size: tuple[int, int] = (60, 40)) -> bytes:
    """A small picture."""
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "PNG")
    return stream.getvalue()


def spaces(base: str = OPEN) -> str:
    """The namespaces of a document, transitional or strict."""
    kind = "2006/main" if base == OPEN else "main"
    word = f"{base}/wordprocessingml/{kind}"
    relations = f"{base}/officeDocument/{'2006/' if base == OPEN else ''}relationships"
    drawing = f"{base}/drawingml/{'2006/' if base == OPEN else ''}"
    return (
        f'xmlns:w="{word}" xmlns:r="{relations}" xmlns:a="{drawing}main" '
        f'xmlns:wp="{drawing}wordprocessingDrawing" xmlns:pic="{drawing}picture" '
        f'xmlns:mc="{OPEN}/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml" '
        'xmlns:o="urn:schemas-microsoft-com:office:office" '
        f'xmlns:m="{OPEN}/officeDocument/2006/math" '
        'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
        'xmlns:wpsCustomData="http://www.wps.cn/officeDocument/2013/wpsCustomData"'
    )


def paragraph(*runs: str, properties: str = "") -> str:
    """A paragraph; runs that are no XML are plain words."""
    made = "".join(run if run.startswith("<") else words(run) for run in runs)
    return f"<w:p><w:pPr>{properties}</w:pPr>{made}</w:p>"


def words(text: str, properties: str = "") -> str:
    """A run."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def drawing(
    relation: str, *, inside: str = "", alternative: str = "", high: int = 2_000_000
) -> str:
    """A run with a picture of that relation, `high` EMU high."""
    return (
        f'<w:r><w:drawing><wp:inline><wp:extent cx="3000000" cy="{high}"/>'
        f'<wp:docPr id="1" name="图片 1" descr="{alternative}"/><a:graphic><a:graphicData>'
        f'<pic:pic><pic:blipFill><a:blip r:embed="{relation}"/>{inside}</pic:blipFill></pic:pic>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )


def package(
    body: str,
    *,
    parts: Mapping[str, str | bytes] | None = None,
    links: Mapping[str, tuple[str, str]] | None = None,
    base: str = OPEN,
    kind: str = _MAIN,
) -> bytes:
    """A Word file with this body.

    `parts` are further ones ("word/media/a.png"); `links` gives type and target by relation id, a
    target with "://" being outside.
    """
    rels = f"{OPEN}/package/2006/relationships"
    types = f"{base}/officeDocument/{'2006/' if base == OPEN else ''}relationships"
    inner = "".join(
        f'<Relationship Id="{name}" Type="{types}/{each[0]}" Target="{each[1]}"'
        + (' TargetMode="External"/>' if "://" in each[1] else "/>")
        for name, each in (links or {}).items()
    )
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": (
            f'<Types xmlns="{OPEN}/package/2006/content-types">'
            f'<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{rels}"><Relationship Id="rId1" '
            f'Type="{types}/officeDocument" Target="word/document.xml"/></Relationships>'
        ),
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{rels}">{inner}</Relationships>',
        "word/document.xml": (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f"<w:document {spaces(base)}><w:body>{body}</w:body></w:document>"
        ),
        **(parts or {}),
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # The same bytes whenever they are made.
            info = zipfile.ZipInfo(name, (2026, 5, 1, 0, 0, 0))
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def write(folder: Path, name: str, raw: bytes) -> Path:
    """The file in the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


def zipped(**files: bytes) -> bytes:
    """A zip file with these in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()
