"""An entry of the calendar as the fields of a form, and what was changed in them.

Only fields that somebody changed lead to a change in the file: whatever a form cannot show as it
is written stays as it is written.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from bot.i18n import _
from bot.schedule.entries import Entry
from bot.schedule.headings import heading_of
from bot.schedule.wishes import ARTICLE, Wish
from bot.web.desk.deadlines import counted
from bot.web.desk.fields import Fields, clean

Values = Mapping[str, str]  # field → text; a field that is not there is empty

TEXTS: Final = (
    *("title", "column", "topic", "text", "digest", "author", "reviewer", "source", "source_url"),
    *("link", "cover", "video", "consent", "window", "slot", "after", "body", "embargo"),
)
FLAGS: Final = ("push", "ai_generated", "patient_story")
KEY_TEXTS: Final = ("deadline", "spread")
OVERRIDE: Final = ("title", "text", "digest", "link", "video", "intro", "images", "options")
FURTHER: Final = ("title", "body", "cover", "digest", "author", "link")
MOST_FURTHER: Final = 7  # articles of one push beside the first
STANCES: Final = ("must", "may", "exempt")
_AT: Final = ("day", "time", "offset")
_OWN: Final = (*TEXTS, *FLAGS, *_AT, "images", "ignore", "delays", "key", "key.declared_original")
_SINGLE: Final = frozenset({*_OWN, ARTICLE, "id", "file", *(f"key.{name}" for name in KEY_TEXTS)})
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d)?", re.ASCII)
_CLOCK: Final = re.compile(r"(\d\d:\d\d):\d\d", re.ASCII)
_PART: Final = re.compile(
    rf"(?:unit|reason)\.[\w-]+|variants\.[\w-]+\.(?:{'|'.join(OVERRIDE)})"
    rf"|more\.[0-{MOST_FURTHER - 1}]\.(?:{'|'.join(FURTHER)})"
)
_PAIR: Final = re.compile(r"\s*[:：]\s*")


# ── from the file and from the form ───────────────────────────────────────────────────────────


def shown(entry: Entry) -> Values:
    """What the form shows of an entry."""
    fields, lent = entry.fields, entry.lent
    found = {name: _text(fields.get(name)) for name in TEXTS}
    found |= {name: _flag(fields.get(name, lent.get(name))) for name in FLAGS}
    at = _MOMENT.fullmatch(_text(fields.get("at")))
    if at is not None:
        found |= {"day": at[1], "time": at[2]}
    else:
        found["offset"] = _text(fields.get("at"))
    carriers = _carriers(fields.get("accounts"))
    found["accounts"] = "\n".join(carriers)
    found["delays"] = "\n".join(f"{name} {delay}" for name, delay in carriers.items() if delay)
    found["images"] = _lines(fields.get("images"))
    found["ignore"] = _pairs(fields.get("ignore"))
    found |= _key(fields.get("key"), lent.get("key"))
    for place, said in _group(fields.get("variants")).items():
        found |= {f"variants.{place}.{name}": _said(name, said) for name in OVERRIDE}
    for index, said in enumerate(_items(fields.get("more"))[:MOST_FURTHER]):
        found |= {f"more.{index}.{name}": _text(_group(said).get(name)) for name in FURTHER}
    if entry.article is not None and entry.article.encoding:
        found[ARTICLE] = entry.article.text
    return _cleaned(found)


def typed(fields: Fields) -> Values:
    """What was sent; fields of another name are no part of it."""
    found = {}
    for name in fields.plain():
        if name in _SINGLE or _PART.fullmatch(name):
            found[name] = fields.one(name)
    found["accounts"] = "\n".join(dict.fromkeys(fields.all("accounts")))
    for name in (*FLAGS, "key", "key.declared_original"):
        found[name] = "true" if found.get(name) else ""
    clock = _CLOCK.fullmatch(found.get("time", ""))
    found["time"] = clock[1] if clock is not None else found.get("time", "")
    moment = _MOMENT.fullmatch(found.get("embargo", ""))
    found["embargo"] = f"{moment[1]} {moment[2]}" if moment else found.get("embargo", "")
    if "key.deadline" in found:
        at = found.get("day", ""), found.get("time", "")
        found["key.deadline"] = counted(found["key.deadline"], *at)
    return _cleaned(found)


def _cleaned(values: Values) -> Values:
    return {name: text for name, text in ((one, clean(two)) for one, two in values.items()) if text}


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _flag(value: object) -> str:
    return "true" if str(value).lower() in ("true", "yes") else ""


def _group(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _lines(value: object) -> str:
    return "\n".join(map(_text, _items(value)))


def _pairs(value: object) -> str:
    return "\n".join(f"{name}：{_text(said)}" for name, said in _group(value).items())


def _said(name: str, override: object) -> str:
    value = _group(override).get(name)
    return {"images": _lines, "options": _pairs}.get(name, _text)(value)


def _carriers(value: object) -> dict[str, str]:
    """Account → how much later it goes there, "" for at once."""
    found: dict[str, str] = {}
    for item in _items(value):
        if isinstance(item, Mapping):
            found |= {str(name): _text(delay) for name, delay in item.items()}
            continue
        name, _space, delay = _text(item).strip().rpartition(" ")
        late = bool(name) and delay.startswith("T")
        found[name.strip() if late else _text(item).strip()] = delay if late else ""
    return found


def _key(own: object, lent: object) -> dict[str, str]:
    said = _group(own)
    found = {f"key.{name}": _text(said.get(name)) for name in KEY_TEXTS}
    found["key"] = "true" if own is not None or lent is not None else ""
    found["key.declared_original"] = _flag(said.get("declared_original"))
    found |= {f"unit.{unit}": "must" for unit in map(_text, _items(said.get("must")))}
    found |= {f"unit.{unit}": "may" for unit in map(_text, _items(said.get("may")))}
    for unit, reason in _group(said.get("exempt")).items():
        found |= {f"unit.{unit}": "exempt", f"reason.{unit}": _text(reason)}
    return found


# ── what was changed ──────────────────────────────────────────────────────────────────────────


def wish(values: Values, entry: Entry | None) -> Wish:
    """What is to be saved of what was typed; `entry` is what stands in the file, None for none."""
    base = shown(entry) if entry is not None else {}
    changed = differing(values, base)
    fields = dict(entry.fields) if entry is not None else {}
    changes = _changes(values, changed, fields)
    text = f"{values[ARTICLE]}\n" if values.get(ARTICLE) else ""
    article = text if ARTICLE in changed else None
    if entry is not None:
        return Wish(post=entry.id, changes=changes, article=article)
    if "id" in values:
        changes["id"] = values["id"]
    return Wish(post=None, changes=changes, article=article, file=values.get("file"))


def differing(one: Values, other: Values) -> set[str]:
    """The fields in which the two differ."""
    return {name for name in {*one, *other} if _meant(name, one) != _meant(name, other)}


def _meant(name: str, values: Values) -> object:
    text = values.get(name, "")
    # The order of accounts is that of the page or of the file, and says nothing.
    return set(text.split("\n")) if name in {"accounts", "delays"} else text


def _changes(values: Values, changed: set[str], fields: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {name: values.get(name) for name in TEXTS if name in changed}
    made |= {name: "true" if values.get(name) else None for name in FLAGS if name in changed}
    for name in FLAGS:
        if name in changed and name not in values and name not in fields:
            made[name] = "false"  # its column says true
    if changed & set(_AT):
        at = " ".join(filter(None, (values.get("day"), values.get("time"))))
        made["at"] = values.get("offset") or at or None
    for name, build in _BUILDERS.items():
        if any(one == name or one.startswith(f"{name}.") for one in changed | _also(name, changed)):
            made[name] = build(values, changed, copy.deepcopy(fields.get(name)))
    return made


def _also(name: str, changed: set[str]) -> set[str]:
    """What is shown apart and belongs to the same key."""
    if name == "key":
        return {"key" for one in changed if one.startswith(("unit.", "reason."))}
    return {"accounts"} if name == "accounts" and "delays" in changed else set()


def _new_accounts(values: Values, _changed: set[str], old: object) -> list[Any] | None:
    wanted = dict.fromkeys(_each_line(values, "accounts"), "")
    for line in _each_line(values, "delays"):
        name, _space, delay = line.rpartition(" ")
        if name.strip() in wanted:
            wanted[name.strip()] = delay
    before = _carriers(old)
    kept = [name for name in before if name in wanted]
    order = [*kept, *(name for name in wanted if name not in before)]
    return [f"{name} {wanted[name]}" if wanted[name] else name for name in order] or None


def _new_images(values: Values, _changed: set[str], _old: object) -> list[str] | None:
    return _each_line(values, "images") or None


def _new_ignore(values: Values, _changed: set[str], _old: object) -> dict[str, str] | None:
    return _as_pairs(values, "ignore") or None


def _new_key(values: Values, changed: set[str], old: object) -> dict[str, Any] | None:
    if not values.get("key"):
        return None
    made = dict(_group(old))
    for name in KEY_TEXTS:
        if f"key.{name}" in changed:
            _put(made, name, values.get(f"key.{name}"))
    if "key.declared_original" in changed:
        _put(made, "declared_original", values.get("key.declared_original"))
    if any(one.startswith(("unit.", "reason.")) for one in changed):
        stances = {
            name.removeprefix("unit."): said
            for name, said in values.items()
            if name.startswith("unit.")
        }
        for stance in ("must", "may"):
            before = [str(one) for one in _items(made.get(stance))]
            _put(made, stance, _in_order(stances, stance, before))
        exempt = _in_order(stances, "exempt", _group(made.get("exempt")))
        _put(made, "exempt", {unit: values.get(f"reason.{unit}", "") for unit in exempt})
    return made


def _in_order(stances: Values, stance: str, before: Iterable[str]) -> list[str]:
    wanted = [unit for unit, said in stances.items() if said == stance]
    kept = [unit for unit in before if unit in wanted]
    return [*kept, *(unit for unit in wanted if unit not in kept)]


def _new_variants(values: Values, changed: set[str], old: object) -> dict[str, Any] | None:
    made: dict[str, Any] = dict(_group(old))
    for name in sorted(changed):
        first, _dot, rest = name.partition(".")
        if first != "variants":
            continue
        place, key = rest.split(".")
        said: Any = values.get(name)
        if key == "images":
            said = _each_line(values, name)
        elif key == "options":
            said = _as_pairs(values, name)
        override = made[place] = dict(_group(made.get(place)))
        _put(override, key, said)
        if not override:
            del made[place]
    return made or None


def _new_more(values: Values, changed: set[str], old: object) -> list[Any] | None:
    made = [dict(_group(one)) for one in _items(old)]
    for name in sorted(changed):
        first, _dot, rest = name.partition(".")
        if first == "more":
            index, key = rest.split(".")
            made += [{} for _more in range(int(index) + 1 - len(made))]
            _put(made[int(index)], key, values.get(name))
    return [one for one in made if one] or None


_BUILDERS: Final[Mapping[str, Callable[[Values, set[str], object], Any]]] = {
    "accounts": _new_accounts,
    "images": _new_images,
    "ignore": _new_ignore,
    "key": _new_key,
    "variants": _new_variants,
    "more": _new_more,
}


def _put(group: dict[str, Any], name: str, value: Any) -> None:
    if value:
        group[name] = value
    else:
        group.pop(name, None)


def _each_line(values: Values, name: str) -> list[str]:
    return [line.strip() for line in values.get(name, "").split("\n") if line.strip()]


def _as_pairs(values: Values, name: str) -> dict[str, str]:
    parted = (_PAIR.split(line, maxsplit=1) for line in _each_line(values, name))
    return {parts[0]: parts[1] if len(parts) > 1 else "" for parts in parted}


# ── two who change the same ───────────────────────────────────────────────────────────────────


def marks(values: Values) -> str:
    """What a form was filled with, in a short text by which one tells later what was changed."""
    return json.dumps({name: _mark(text) for name, text in values.items()}, separators=(",", ":"))


def changed_since(text: str, values: Values) -> set[str]:
    """The fields that are otherwise than when `marks` was made; none when that is unreadable."""
    try:
        known = json.loads(text)
    except ValueError:
        return set()
    if not isinstance(known, dict):
        return set()
    names = {*known, *values}
    return {name for name in names if known.get(name, _mark("")) != _mark(values.get(name, ""))}


def _mark(text: str) -> str:
    if not text:
        return ""
    lines = "\n".join(sorted(text.split("\n")))  # accounts come in any order
    return hashlib.sha256(lines.encode()).hexdigest()[:8]


# ── where a problem is told, and what a field is called ───────────────────────────────────────


def spot(field: str, values: Values) -> str:
    """The form's field for a key of an entry ("key.must.0" → "units"); "" for none."""
    if field in {"at", "day"}:
        return "offset" if values.get("offset") else "day"
    first, *rest = field.split(".")
    if first == "key" and rest[:1] and rest[0] in STANCES:
        return "units"
    if first == "body":
        return ARTICLE
    for count in (3, 2, 1):
        name = ".".join(field.split(".")[:count])
        if name in _SINGLE or name in {"accounts", "variants", "more"} or _PART.fullmatch(name):
            return name
    return ""


def label(name: str, units: Mapping[str, str]) -> str:
    """What a field is called; `units` are names of units by id."""
    first, *rest = name.split(".")
    if first in {"unit", "reason"}:
        word = {"unit": _("takes part"), "reason": _("reason")}[first]
        return f"{units.get(rest[0], rest[0])} · {word}"
    special = {
        "day": _("day"),
        "time": _("time"),
        "offset": _("counted from another post"),
        "delays": _("later on some accounts"),
        "key": _("key item"),
        ARTICLE: _("long text"),
        "id": _("id"),
        "file": _("calendar file"),
    }
    if name in special:
        return special[name]
    return heading_of(list(_keys(first, rest)))


def _keys(first: str, rest: Iterable[str]) -> Iterator[str | int]:
    yield first
    for part in rest:
        yield int(part) if first == "more" and part.isdecimal() else part
