"""The posts of a folder's files as one calendar, to be written somewhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.schedule.cells import relative
from bot.schedule.exports import Calendar, Plain
from bot.schedule.reader import Reading
from bot.schedule.sources import Source

_FORM = "%Y-%m-%d %H:%M"
_MOMENTS = ("at", "embargo")  # keys whose values are in the file's timezone


def months(reading: Reading) -> dict[str, str]:
    """The month of each post, as "2026-05", by its id."""
    zone = ZoneInfo(_zones(reading)[0])
    return {post.id: f"{post.due_at.astimezone(zone):%Y-%m}" for post in reading.posts}


def gather(reading: Reading, month: str | None = None) -> Calendar:
    """All posts of the files, or those of one month, by time.

    What files say for their posts (defaults, timezone) is written out where they say it
    differently.
    """
    zone = _zones(reading)[0]
    due = {post.id: post.due_at for post in reading.posts}
    month_of = months(reading)
    sources = {file: _plain(source) for file, source in reading.sources.items()}
    found = [
        (file, post)
        for file, data in sources.items()
        for post in _posts(data)
        if post.get("id") in due and month in (None, month_of[post["id"]])
    ]
    files = dict.fromkeys(file for file, _post in found)
    defaults = [dict(sources[file].get("defaults") or {}) for file in files]
    shared = defaults[0] if defaults and all(each == defaults[0] for each in defaults) else {}
    used = {str(post.get("column", "")).strip() for _file, post in found}
    columns = {
        name: column
        for data in sources.values()
        for name, column in (data.get("columns") or {}).items()
        if month is None or name.strip() in used
    }
    posts = [
        _moved(_filled(post, sources[file], shared, columns), str(sources[file]["timezone"]), zone)
        for file, post in found
    ]
    posts.sort(key=lambda post: (due[post["id"]], post["id"]))
    return Calendar(zone=zone, defaults=shared, columns=columns, posts=posts)


def _zones(reading: Reading) -> list[str]:
    """The timezones of the files, the most frequent first."""
    names = [str(_plain(source).get("timezone")) for source in reading.sources.values()]
    known = [name for name in names if name != "None"]
    return sorted(dict.fromkeys(known), key=lambda name: -known.count(name)) or ["Asia/Shanghai"]


def _plain(source: Source) -> Mapping[str, Any]:
    data = source.root.plain() if source.root is not None else None
    return data if isinstance(data, dict) else {}


def _posts(data: Mapping[str, Any]) -> Iterator[Plain]:
    posts = data.get("posts")
    yield from (post for post in posts or () if isinstance(post, dict))


def _filled(post: Plain, data: Mapping[str, Any], shared: Plain, columns: Plain) -> dict[str, Any]:
    """The post with its file's defaults, where those are not said for all posts."""
    own = {name: value for name, value in post.items() if value is not None}
    if shared:
        return own
    column = columns.get(str(post.get("column", "")).strip()) or {}
    said = {*own, *column, *(column.get("defaults") or {})}  # a column comes before the file
    return {**own, **{k: v for k, v in (data.get("defaults") or {}).items() if k not in said}}


def _moved(post: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """The post with its times in another zone."""
    if old == new:
        return post
    for key in _MOMENTS:
        text = post.get(key)
        if isinstance(text, str) and not relative(text):
            moment = datetime.strptime(text, _FORM).replace(tzinfo=ZoneInfo(old))
            post[key] = moment.astimezone(ZoneInfo(new)).strftime(_FORM)
    return post
