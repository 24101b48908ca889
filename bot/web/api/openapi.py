"""The OpenAPI 3.1 document, made from the same declarations by which calls are checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot import __version__
from bot.i18n import N_, _
from bot.web.api.declared import Endpoint, Nothing, Told

PREFIX = "/api/v1"
_REF = "#/components/schemas/{model}"
_PARTS = re.compile(r"\{(\w+)\}")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ANSWERS = {
    "401": N_("The token is missing or wrong, was ended, has run out, or its maker is kept out."),
    "403": N_("The token lacks the scope."),
    "404": N_("There is no such thing."),
    "409": N_("It is not possible as things stand; nothing was changed."),
    "413": N_("The body is too large."),
    "422": N_("The call is not understood; nothing was changed."),
    "429": N_("Too many wrong tokens from this address."),
    "503": N_("The ledger cannot be reached; try again in some minutes."),
}
_READ_ONLY = ("409", "413")
_Mode = Literal["validation", "serialization"]


class Wrong(Told):
    """One thing that is wrong with a call."""

    where: str
    text: str


class Problem(Told):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[Wrong, ...] = ()


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The whole document. It tells no data."""
    schemas = _schemas(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": _DIALECT,
        "info": {
            "title": _("Health publicity matrix"),
            "version": __version__,
            "description": _("See docs/api.md. Moments carry their offset; lists end with `next`."),
        },
        # As seen from the document's own address, whatever stands before the desk.
        "servers": [{"url": "."}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """All models by name, and what they refer to."""
    models: dict[type[BaseModel], _Mode] = {Problem: "serialization"}
    for one in endpoints:
        models[one.takes] = "validation"
        models[one.gives] = "serialization"
    _map, defined = models_json_schema(sorted(models.items(), key=_name), ref_template=_REF)
    schemas: dict[str, Any] = defined.get("$defs", {})
    return schemas


def _name(model: tuple[Any, _Mode]) -> str:
    return str(model[0].__name__)


def _operation(one: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    reads = one.method == "GET"
    said: dict[str, Any] = {
        "operationId": one.name,
        "summary": _(one.summary),
        "description": _("Needs the scope `{scope}`.").format(scope=one.right.value),
        "tags": [one.path.split("/")[1]],
        "parameters": [_part(name) for name in _PARTS.findall(one.path)],
        "responses": {
            "200": _content(_("Done, or found."), "application/json", one.gives.__name__),
            **{
                status: _content(_(text), "application/problem+json", "Problem")
                for status, text in _ANSWERS.items()
                if not (reads and status in _READ_ONLY)
            },
        },
    }
    if reads:
        said["parameters"] += _query(schemas[one.takes.__name__])
    elif one.takes is not Nothing:
        said["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(one.takes.__name__)}},
        }
    return said


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(model=name)}


def _content(text: str, kind: str, name: str) -> dict[str, Any]:
    return {"description": text, "content": {kind: {"schema": _ref(name)}}}


def _part(name: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 130}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(model: dict[str, Any]) -> list[dict[str, Any]]:
    required = model.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _there(schema)}
        for name, schema in model.get("properties", {}).items()
    ]


def _there(schema: dict[str, Any]) -> dict[str, Any]:
    """What a field that is there may hold: an address knows no null."""
    kinds = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    return kinds[0] if len(kinds) == 1 else schema
