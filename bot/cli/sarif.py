"""Findings as SARIF 2.1.0, which editors and pipelines show.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from bot.cli.rules import PAGES
from bot.domain.problem import Place, Problem, Severity
from bot.domain.rule import Rule
from bot.engine.ignored import Ignored
from bot.i18n import _

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_DOCS: Final = Path(__file__).parents[2] / PAGES


def document(
    problems: Sequence[Problem], ignored: Sequence[Ignored], rules: Mapping[str, Rule]
) -> dict[str, Any]:
    """One run with all rules that were met; what is switched off is in it as suppressed."""
    met = dict.fromkeys([*(one.code for one in problems), *(one.problem.code for one in ignored)])
    index = {code: number for number, code in enumerate(met)}
    results = [_result(one, index) for one in problems]
    results += [_result(one.problem, index) | _suppressed(one) for one in ignored]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "xuanfa-bot",
                        "rules": [_descriptor(code, rules.get(code)) for code in met],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }


def _descriptor(code: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:  # of an adapter that names no rules
        return {"id": code}
    text = " ".join(part for part in (_(rule.meaning), _(rule.why) if rule.why else "") if part)
    made: dict[str, Any] = {
        "id": code,
        "shortDescription": {"text": _(rule.meaning)},
        "fullDescription": {"text": f"{text} {rule.law}".strip()},
        "help": {"text": f"{PAGES}/{rule.page}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.group.value]},
    }
    page, _hash, heading = rule.page.partition("#")
    if (_DOCS / page).is_file():  # an installed package brings no pages along
        anchor = f"#{heading}" if heading else ""
        made["helpUri"] = (_DOCS / page).resolve().as_uri() + anchor
    return made


def _result(problem: Problem, index: Mapping[str, int]) -> dict[str, Any]:
    text = f"{problem.message} {problem.hint}".strip()
    made: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": index[problem.code],
        "level": _LEVELS[problem.severity],
        "message": {"text": text},
        "partialFingerprints": {"codePostMessage/v1": _fingerprint(problem)},
    }
    if problem.place.file:
        made["locations"] = [_location(problem.place)]
    if problem.post:
        made["properties"] = {"post": problem.post}
    return made


def _location(place: Place) -> dict[str, Any]:
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": quote(place.file), "uriBaseId": "SCHEDULES"}
    }
    if place.line:
        region = {"startLine": place.line}
        if place.column:
            region |= {"startColumn": place.column, "endColumn": place.column + place.length}
        physical["region"] = region
    made: dict[str, Any] = {"physicalLocation": physical}
    if place.cell:
        made["logicalLocations"] = [{"fullyQualifiedName": place.cell, "kind": "member"}]
    return made


def _fingerprint(problem: Problem) -> str:
    """The same finding again after lines above it were moved."""
    parts = (problem.code, problem.post or "", problem.place.file, problem.message)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _suppressed(one: Ignored) -> dict[str, Any]:
    kind = "external" if one.office else "inSource"
    return {"suppressions": [{"kind": kind, "justification": one.reason}]}
