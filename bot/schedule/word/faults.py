"""What is wrong with a Word file, or lost from it, in words for the one who wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.domain.problem import Place, Problem, Severity
from bot.i18n import N_, _
from bot.schedule.word.runs import Finding

_REFUSED: Final[Mapping[str, tuple[str, str]]] = {
    "body-kind": (
        N_("{file} is no text of a kind that is read: .docx, .txt or .md."),
        N_(
            "Open it in Word or WPS, choose “Save as” and the type Word document (.docx), and name "
            "that file in the calendar. Renaming it is not enough, and macros stay out."
        ),
    ),
    "docx-protected": (
        N_("{file} has a password."),
        N_("Open it, take the password off under File, Info, Protect document, and save it."),
    ),
    "docx-damaged": (
        N_("{file} is no whole Word file."),
        N_("Open it in Word or WPS and save it again as .docx, or take an earlier copy."),
    ),
    "too-large": (
        N_("{file} is larger than any article, or was made to look small."),
        N_("Copy the text into a new document; use pictures of at most some MB."),
    ),
}
_FOUND: Final[Mapping[str, tuple[Severity, str, str]]] = {
    "docx-linked-picture": (
        Severity.ERROR,
        N_("Paragraph {number}: the picture is not in the document itself. {words}"),
        N_("Take it out and insert the picture anew, with “Insert” and not “Link to file”."),
    ),
    "docx-picture-cropped": (
        Severity.ERROR,
        N_("Paragraph {number}: the picture is only cropped on paper; all of it would be seen."),
        N_("Choose “Compress pictures” and “Delete cropped areas”, or crop it before inserting."),
    ),
    "docx-picture-kind": (
        Severity.ERROR,
        N_("Paragraph {number}: the picture is a drawing (EMF, WMF, TIFF) no platform takes."),
        N_("Cut it, choose “Paste special” and PNG; or save it as a picture and insert that."),
    ),
    "docx-tracked-changes": (
        Severity.WARNING,
        N_("Paragraph {number}: changes are still tracked. Deleted words are out, new ones in."),
        N_("Accept or refuse all changes under Review, so that everybody reads the same text."),
    ),
    "docx-comments": (
        Severity.WARNING,
        N_("Paragraph {number}: there are comments. They are not published."),
        N_("See that they are settled, and delete them under Review."),
    ),
    "docx-not-taken": (
        Severity.WARNING,
        N_("Paragraph {number}: the {kind} is left out. {words}"),
        N_("Put its words into the text itself, or insert it as a picture."),
    ),
    "docx-table": (
        Severity.WARNING,
        N_("Paragraph {number}: the table has merged cells or another table within it."),
        N_("It becomes a plain grid, the places of merged cells empty; look at the preview."),
    ),
}
_KINDS: Final[Mapping[str, str]] = {
    "text box": N_("text box"),
    "word art": N_("word art"),
    "chart": N_("chart"),
    "diagram": N_("diagram"),
    "equation": N_("equation"),
    "object": N_("embedded object"),
    "inserted file": N_("inserted file"),
    "sign": N_("sign of a special font"),
}


def refused(code: str, file: str, place: Place) -> Problem:
    """Why a file cannot be used at all."""
    message, hint = _REFUSED[code]
    return Problem(code=code, message=_(message).format(file=file), hint=_(hint), place=place)


def found(finding: Finding, file: str) -> Problem:
    """One thing found in a text; its place's line is the paragraph."""
    severity, message, hint = _FOUND[finding.code]
    kind = _(_KINDS[finding.kind]) if finding.kind else ""
    words = _("“{words}”").format(words=finding.words) if finding.words else ""
    said = _(message).format(number=finding.paragraph, kind=kind, words=words).strip()
    return Problem(
        code=finding.code,
        message=said,
        hint=_(hint),
        severity=severity,
        place=Place(file=file, line=finding.paragraph),
    )
