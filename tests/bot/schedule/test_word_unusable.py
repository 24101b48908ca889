"""Word files that are none, or none that can be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.schedule.digests import stamp
from bot.schedule.word.document import read_word
from tests.bot.schedule.packing import drawing, package, paragraph, write, zipped

MEDIA = {"rId5": ("image", "media/image1.png")}
MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


DOCUMENT = "word/document.xml"
LAUGHTER = (
    '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]><a>&a11;</a>"
)
UNUSABLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "empty": ("docx-damaged", lambda: b""),
    "cut off": ("docx-damaged", lambda: b"PK\x03\x04"),
    "noise": ("docx-damaged", lambda: b"\xff" * 99),
    "rtf": ("body-kind", lambda: b"{\\rtf1 \\ansi}"),
    "pdf": ("body-kind", lambda: b"%PDF-1.7"),
    "old doc or wps": ("body-kind", lambda: LOCKED),
    "password": ("docx-protected", lambda: LOCKED + "EncryptedPackage".encode("utf-16-le")),
    "odt": ("body-kind", lambda: zipped(mimetype=b"application/vnd.oasis.opendocument.text")),
    "another zip": ("docx-damaged", lambda: zipped(anything=b"x")),
    "macros": ("body-kind", lambda: package(paragraph("甲"), kind=MACROS)),
    "no xml": ("docx-damaged", lambda: package("<w:p>")),
    "no text": (
        "docx-damaged",
        lambda: package("<w:p/>").replace(b"word/document.xml", b"word/documemt.xml"),
    ),
    "bomb": ("too-large", lambda: package("", parts={DOCUMENT: b" " * 16_000_001})),
    "deep": ("too-large", lambda: package("<w:sdt>" * 200 + "</w:sdt>" * 200)),
    "entity": (
        "docx-damaged",
        lambda: package("", parts={DOCUMENT: '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
    ),
    "laughter": (
        "docx-damaged",
        lambda: package("", parts={DOCUMENT: LAUGHTER.encode("utf-16")}),
    ),
    "another root": ("docx-damaged", lambda: package("", parts={DOCUMENT: "<other/>"})),
    "huge picture": (
        "too-large",
        lambda: package(
            paragraph(drawing("rId5")),
            parts={"word/media/image1.png": bytes(50_000_001)},
            links=MEDIA,
        ),
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, name: str) -> None:
    code, made = UNUSABLE[name]
    path = write(tmp_path, "posts/a.docx", made())
    assert read_word(path, "posts/a.docx", stamp(path.stat())).refused == code
