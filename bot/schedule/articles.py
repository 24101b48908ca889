"""The file with the long text of an entry, as it would be with another text."""

from __future__ import annotations

from typing import Final

from bot.i18n import _
from bot.schedule.entries import Article, Entry, Files, NotSaved
from bot.schedule.exports import Plain
from bot.schedule.folder import MAX_BYTES
from bot.schedule.wishes import ARTICLE, sound

_BOM: Final = b"\xef\xbb\xbf"


def article_for(
    files: Files, entry: Entry | None, post: str, fields: Plain, text: str | None
) -> tuple[str, bytes] | None:
    """Where the long text goes, and its file's content; None when that stays as it is."""
    if text is None:
        return None
    text = sound(text, ARTICLE)
    there = entry.article if entry is not None else None
    named = fields.get("body") or ""
    if there is None or there.path != named:
        if named:
            message = _("Name a file for the body or write its text, not both.")
            raise NotSaved(message, field="body")
        return (_free(files, post), _encoded(text, None)) if text else None
    if there.raw is not None and not there.encoding:
        message = _("{path} cannot be changed here. Change it in the program it was made with.")
        raise NotSaved(message.format(path=there.path), field=ARTICLE)
    if there.raw is not None and text == there.text:
        return None
    if _shared(files, there.path, post):
        return _free(files, post), _encoded(text, None)
    if not there.path.lower().endswith((".md", ".markdown", ".txt")):
        message = _("{path} is no Markdown file.").format(path=there.path)
        raise NotSaved(message, field="body")
    return there.path, _encoded(text, there)


def _encoded(text: str, there: Article | None) -> bytes:
    """The text in the encoding and with the line ends of the file it replaces."""
    raw = there.raw or b"" if there is not None else b""
    if b"\r\n" in raw:
        text = text.replace("\n", "\r\n")
    mark = _BOM if raw.startswith(_BOM) else b""
    encoding = there.encoding if there is not None else ""
    made = mark + text.encode("utf-8" if encoding in ("", "utf-8-sig") else encoding)
    if len(made) > MAX_BYTES:
        message = _("The text is too long: {mb} MB at most.").format(mb=MAX_BYTES // 1_000_000)
        raise NotSaved(message, field=ARTICLE)
    return made


def _shared(files: Files, path: str, post: str) -> bool:
    """True when another entry has the same body, which must not change with this one."""
    return any(
        one.node.text("body") == path and one.node.text("id") != post for one in files.posts()
    )


def _free(files: Files, post: str) -> str:
    """The path of a new body."""
    for number in range(1, 1000):
        path = f"posts/{post}-{number}.md" if number > 1 else f"posts/{post}.md"
        if not (files.root / path).exists():
            return path
    raise NotSaved(_("There is no free name for the body of {post}.").format(post=post))
