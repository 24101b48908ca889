"""Tells copies of a calendar file that explorers, offices and sync clients leave beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# What is put behind the name of the original, before the ending.
_NUMBER = r"[(（]\d{1,3}[)）]"
_BEHIND = re.compile(
    rf"[\s_-]*{_NUMBER}"  # browsers, Google Drive
    # Explorer, Finder, WPS: " - 副本 (2)", "的副本", " - Copy", " copy 2"
    rf"|[\s_-]*的?(?:副本|复件|拷贝|copy)\s*(?:\d{{1,3}}|{_NUMBER})?"
    # Clients of shared folders, with the name of somebody or of a machine, and a time
    r"|[\s_.-]*[(（]?[^()（）]{0,40}"
    r"(?:冲突(?:的?文件|的?副本|的?版本)|sync-conflict|sfconflict|_conflict|conflict\w* copy)"
    r"[^()（）]{0,60}[)）]?"
    # OneDrive puts the other machine's name there.
    r"|-(?:DESKTOP|LAPTOP|PC|WIN)-[0-9A-Z]{4,15}",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?:复件|副本|copy)[\s_-]*(?:[(（]\d{1,3}[)）])?[\s_-]*(?:of\s+)?", re.IGNORECASE
)


def copies(names: Iterable[str], originals: Iterable[str]) -> Mapping[str, str]:
    """Those of `names` that are copies of one of `originals`, with the one they are copies of."""
    stems: dict[str, list[str]] = {}
    for original in originals:
        stem, _dot, suffix = original.rpartition(".")
        stems.setdefault(suffix, []).append(stem)
    found = {}
    for name in names:
        stem, _dot, suffix = name.rpartition(".")
        of = [one for one in stems.get(suffix, ()) if _is_copy(stem, one)]
        if of:
            found[name] = f"{max(of, key=len)}.{suffix}"
    # A copy of a copy is one of the original.
    return {name: found.get(original, original) for name, original in found.items()}


def _is_copy(stem: str, original: str) -> bool:
    if stem.startswith(original):
        return _BEHIND.fullmatch(stem[len(original) :]) is not None
    return stem.endswith(original) and _BEFORE.fullmatch(stem[: -len(original)]) is not None
