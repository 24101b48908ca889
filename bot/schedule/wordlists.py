"""The office's own lists of words to avoid: `words/*.txt` in the schedules folder."""

from __future__ import annotations

from bot.domain.problem import Place, Problem
from bot.i18n import _
from bot.schedule.folder import Folder
from bot.schedule.rules.wording import SEVERITIES, Word, parse_line

FOLDER = "words"


def read_words(folder: Folder) -> tuple[tuple[Word, ...], list[Problem]]:
    """All words of all lists, and what is wrong in them; nothing when there is no such folder."""
    try:
        names = sorted(path.name for path in (folder.root / FOLDER).iterdir())
    except OSError:
        return (), []
    words: list[Word] = []
    problems: list[Problem] = []
    for name in names:
        if name.endswith(".txt") and not name.startswith((".", "~")):
            found, wrong = _read(folder, f"{FOLDER}/{name}")
            words += found
            problems += wrong
    return tuple(words), problems


def _read(folder: Folder, file: str) -> tuple[list[Word], list[Problem]]:
    text, problems = folder.read_text(file, Place(file=file))
    words = []
    for number, line in enumerate((text or "").split("\n"), start=1):
        try:
            word = parse_line(line)
        except ValueError as error:
            problems.append(_bad_word(file, number, str(error)))
        else:
            words += [word] if word is not None else []
    return words, problems


def _bad_word(file: str, line: int, what: str) -> Problem:
    return Problem(
        code="bad-word",
        message=_("“{what}” is not understood in a list of words.").format(what=what),
        hint=_("Write a word of two characters or more, or “word = {severities} reason”.").format(
            severities="/".join(SEVERITIES)
        ),
        place=Place(file=file, line=line),
    )
