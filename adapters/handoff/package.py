"""Writing a package: a folder that is complete or not there at all.

Everything is written into a folder of another name beside it, which is then renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters import pictures, videos
from adapters.handoff.covers import cut
from adapters.handoff.limits import ANY, LIMITS
from adapters.handoff.page import page
from adapters.handoff.text import blocks, body_html, checklist, parts, paste_text, topics
from bot.domain.post import Kind, Media, Variant
from bot.domain.publication import publication_key
from bot.domain.roster import Account
from bot.errors import MediaError
from bot.i18n import _

MANIFEST = "manifest.json"
PAGE = "发布页.html"
_EXTENSIONS = {**pictures.EXTENSIONS, **videos.EXTENSIONS}


@dataclass(frozen=True, kw_only=True)
class Package:
    """What a package will hold: texts, files of the office, and covers cut from one, by name."""

    folder: str
    texts: Mapping[str, str]
    media: Mapping[str, tuple[Media, Path]]
    covers: Mapping[str, bytes]


def package_of(variant: Variant, account: Account, paths: Mapping[Media, Path]) -> Package:
    """The package of a variant; `paths` has the checked file of every medium in it."""
    named = _names(variant)
    articles = parts(variant, named)
    covers = _covers(variant, account.platform, paths)
    texts = {
        PAGE: page(variant, account, named, articles, covers=list(covers)),
        MANIFEST: _json(_manifest(variant, account, named)),
        "文案.txt": paste_text(variant, account.platform),
        "核对清单.txt": checklist(variant, account.platform, account.name),
    }
    for article in articles:
        texts[article.file("md")] = article.markdown
        texts[article.file("html")] = body_html(article)
    return Package(
        folder=f"{_safe(variant.post)}@{_safe(account.id)}",
        texts=texts,
        media={name: (media, paths[media]) for name, media in named.items()},
        covers=covers,
    )


def _covers(variant: Variant, platform: str, paths: Mapping[Media, Path]) -> dict[str, bytes]:
    """The cover in each form the platform wants it in, by file name."""
    cover, ratios = variant.cover, LIMITS.get(platform, ANY).cover_ratios
    if cover is None:
        return {}
    return {f"cover-{w}x{h}.jpg": cut(cover, paths[cover], (w, h)) for w, h in ratios}


def media_of(variant: Variant) -> list[Media]:
    """Every file of the office the package takes along."""
    return list(_names(variant).values())


def write(package: Package, out_dir: Path) -> Path:
    """The finished folder; one that is there already and equal is left as it is.

    Raises MediaError when a file changes while it is copied or the folder cannot be written.
    """
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        target = out_dir / package.folder
        if _is_there(package, target):
            return target
        for left in out_dir.glob(f".{package.folder}.*"):
            shutil.rmtree(left, ignore_errors=True)  # a writer that was killed left it behind
        staging = Path(tempfile.mkdtemp(dir=out_dir, prefix=f".{package.folder}."))
        try:
            _fill(package, staging)
            _swap(staging, target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        message = _("The hand-off package {folder} cannot be written: {reason}")
        raise MediaError(
            message.format(folder=package.folder, reason=error.strerror or error)
        ) from error
    return target


def _is_there(package: Package, target: Path) -> bool:
    """True when the folder holds just these texts and files of just these sizes."""
    if not target.is_dir():
        return False
    sizes = {path.name: path.stat().st_size for path in target.iterdir()}
    wanted = {name: len(text.encode()) for name, text in package.texts.items()}
    wanted |= {name: media.size for name, (media, _path) in package.media.items()}
    wanted |= {name: len(data) for name, data in package.covers.items()}
    return sizes == wanted and all(
        (target / name).read_bytes() == text.encode() for name, text in package.texts.items()
    )


def _fill(package: Package, folder: Path) -> None:
    for name, (media, path) in package.media.items():
        _copy(media, path, folder / name)
    made = {name: text.encode() for name, text in package.texts.items()} | {**package.covers}
    for name, data in made.items():
        with (folder / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    folder.chmod(0o755)  # mkdtemp makes it private; the liaison must be able to open it


def _copy(media: Media, source: Path, target: Path) -> None:
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as written:
        while piece := read.read(1 << 20):
            digest.update(piece)
            written.write(piece)
        written.flush()
        os.fsync(written.fileno())
    if digest.hexdigest() != media.sha256:
        message = _("{path} changed while the hand-off package was made.")
        raise MediaError(message.format(path=media.path))


def _swap(staging: Path, target: Path) -> None:
    """Puts the new folder in place of an older one, which is moved away first."""
    if target.exists():
        old = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.old."))
        target.rename(old / target.name)
        staging.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        staging.rename(target)


def _names(variant: Variant) -> dict[str, Media]:
    """Media by their ASCII names in the package, in a fixed order."""
    single = [("video", variant.video), ("cover", variant.cover)]
    listed = [(f"image-{n:02}", media) for n, media in enumerate(variant.images, 1)]
    inline = [*variant.inline, *(media for more in variant.more for media in more.inline)]
    listed += [(f"inline-{n:02}", media) for n, media in enumerate(dict.fromkeys(inline), 1)]
    single += [(f"cover-of-{n}", more.cover) for n, more in enumerate(variant.more, 2)]
    found = [(name, media) for name, media in single if media is not None] + listed
    return {f"{name}.{_EXTENSIONS.get(media.mime, 'bin')}": media for name, media in found}


def _manifest(variant: Variant, account: Account, named: Mapping[str, Media]) -> dict[str, object]:
    return {
        "package_id": publication_key(variant.post, account.id),
        "post": variant.post,
        "account": account.id,
        "account_name": account.name,
        "platform": account.platform,
        "kind": variant.kind.value,
        "method": variant.method.value,
        "title": variant.title,
        "blocks": [
            {"name": b.name, "text": b.text, "article": b.article}
            for b in blocks(variant, account.platform)
        ],
        "topics": topics(variant.text),
        "link": variant.link,
        "label": variant.label,
        "marker": variant.marker,
        "author": variant.author,
        "original": variant.kind is Kind.ORIGINAL,
        "ai_label": variant.ai_generated,
        "media": [_medium(name, media) for name, media in named.items()],
    }


def _medium(name: str, media: Media) -> dict[str, object]:
    return {
        "file": name,
        "sha256": media.sha256,
        "size": media.size,
        "mime": media.mime,
        "width": media.width,
        "height": media.height,
        "duration_s": media.duration_s,
    }


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _safe(name: str) -> str:
    """A name that stays inside its folder on every system."""
    return re.sub(r"[^\w-]", "_", name)
