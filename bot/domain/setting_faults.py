"""What is wrong with a setting, in words instead of the validator's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.i18n import N_, _

_FAULTS = {
    "extra_forbidden": N_("there is no such setting"),
    "missing": N_("is missing"),
    "int_parsing": N_("must be a whole number"),
    "int_type": N_("must be a whole number"),
    "int_from_float": N_("must be a whole number"),
    "float_parsing": N_("must be a number"),
    "float_type": N_("must be a number"),
    "bool_parsing": N_("must be true or false"),
    "bool_type": N_("must be true or false"),
    "string_type": N_("must be text"),
    "path_type": N_("must be text"),
    "model_type": N_("must be a group of settings"),
    "dict_type": N_("must be a group of settings"),
    "greater_than": N_("must be more than {gt}"),
    "greater_than_equal": N_("must be at least {ge}"),
    "less_than_equal": N_("must be at most {le}"),
    "string_pattern_mismatch": N_("is not one of those allowed: {pattern}"),
}


def in_words(faults: Iterable[Mapping[str, Any]]) -> str:
    """Every fault of a pydantic ValidationError's `errors()` with its key, in one line."""
    return _("; ").join(
        _("{key} {fault}").format(key=".".join(map(str, fault["loc"])), fault=_fault(fault))
        for fault in faults
    )


def _fault(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "value_error":  # one of our own validators: its words are translated
        return str(fault["ctx"]["error"])
    known = _FAULTS.get(fault["type"])
    return str(fault["msg"]) if known is None else _(known).format(**fault.get("ctx", {}))
