"""Adapters by platform name, imported only when they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import cast

from pydantic import BaseModel, ValidationError

from adapters.looks import plain
from bot.contract import (
    Adapter,
    Capabilities,
    Desk,
    Draws,
    Length,
    Measures,
    Scene,
    Screen,
    Tools,
)
from bot.domain import setting_faults
from bot.domain.post import Variant
from bot.domain.roster import Account
from bot.domain.rule import Rule
from bot.errors import UsageError
from bot.i18n import _

GROUP = "xuanfa_bot.adapters"  # entry points of adapters installed by others
HANDOFF = "handoff"  # the folder, and the account mode, that give the package to a person


@cache
def adapter_for(platform: str, mode: str = "") -> type[Adapter]:
    """The adapter class that serves `platform` in `mode`; raises UsageError when there is none."""
    if platform not in platforms():
        raise UsageError(
            _('There is no adapter for the platform "{platform}"; known are {known}.').format(
                platform=platform, known=", ".join(sorted(platforms()))
            )
        )
    if mode == HANDOFF:
        return _named(HANDOFF, _folder(HANDOFF).ADAPTER)
    modes = _modes(platform)
    if mode not in modes:
        raise UsageError(
            _('The account mode "{mode}" is not known for {platform}; use {known}.').format(
                mode=mode,
                platform=platform,
                known=", ".join([*sorted(filter(None, modes)), HANDOFF]),
            )
        )
    return modes[mode]


def modes(platform: str) -> list[str]:
    """The modes an account of the platform may have, besides "handoff"; "" is the usual one."""
    return sorted(_modes(platform))


def _modes(platform: str) -> Mapping[str, type[Adapter]]:
    """The platform's adapters by mode; "" is its own way."""
    if platform in _entry_points() and platform not in _folders():
        return {"": _named(platform, _entry_points()[platform]())}  # better than by hand
    if platform in _handed_off():
        return {"": _handed_off()[platform]}
    module = _folder(platform)
    others = getattr(module, "MODES", {})
    return {mode: _named(platform, kind) for mode, kind in ({"": module.ADAPTER} | others).items()}


def desk_of(platform: str, tools: Tools, settings: Mapping[str, object]) -> Desk | None:
    """Who takes the platform's calls and leads through its authorisation; None: nobody.

    `tools.credentials` are the office's own at this platform. Raises UsageError for settings the
    platform's Config refuses.
    """
    kind = desk_class(platform)
    if kind is None:
        return None
    config = _config(adapter_for(platform), settings)
    return cast(Callable[[Tools, BaseModel], Desk], kind)(tools, config)


def desk_class(platform: str) -> type[Desk] | None:
    """What `desk_of` makes."""
    module = sys.modules[adapter_for(platform).__module__]
    kind: type[Desk] | None = getattr(module, "DESK", None)
    return kind


def platforms() -> frozenset[str]:
    """Every platform name an account may have."""
    return (_folders() - {HANDOFF}) | _handed_off().keys() | _entry_points().keys()


def rules() -> Mapping[str, Rule]:
    """What the platforms' checks may object to, by code: `RULES` of each folder's codes.py.

    Adapters installed by others keep theirs in `RULES` of the module their class stands in.
    """
    names = [f"adapters.{name}.codes" for name in sorted(_folders())]
    modules = [import_module("adapters.codes"), *(import_module(name) for name in names)]
    found = {code: rule for module in modules for code, rule in module.RULES.items()}
    for point in _entry_points().values():
        found |= getattr(sys.modules[cast(type, point()).__module__], "RULES", {})
    return found


def make(account: Account, tools: Tools, settings: Mapping[str, object]) -> Adapter:
    """The adapter of one account, with `settings` checked by the adapter's own Config.

    Raises UsageError for an unknown platform and for settings the Config refuses.
    """
    kind = adapter_for(account.platform, account.mode)
    # The contract fixes how an adapter is made; a Protocol cannot say it about its __init__.
    factory = cast(Callable[[Account, Tools, BaseModel], Adapter], kind)
    return factory(account, tools, _config(kind, settings))


def capabilities(kind: type[Adapter], settings: Mapping[str, object]) -> Capabilities:
    """What the adapters of a class can do with these settings; UsageError for wrong ones.

    A class whose settings change that says so by a classmethod `able(config)`.
    """
    able = getattr(kind, "able", None)
    if able is None:
        return kind.capabilities
    return cast(Callable[[BaseModel], Capabilities], able)(_config(kind, settings))


def screens(
    kind: type[Adapter], variant: Variant, scene: Scene, settings: Mapping[str, object]
) -> Sequence[Screen]:
    """What readers see, drawn by the adapter or, where it cannot draw, plainly by what it takes."""
    config = _config(kind, settings)
    if isinstance(kind, Draws):
        return cast(Draws, kind).screens(variant, scene, config)
    return plain.screens(variant, scene, capabilities(kind, settings))


def lengths(kind: type[Adapter], variant: Variant, account: Account) -> Sequence[Length]:
    """What the adapter counts; nothing where it does not say."""
    return cast(Measures, kind).lengths(variant, account) if isinstance(kind, Measures) else ()


def _config(kind: type[Adapter], settings: Mapping[str, object]) -> BaseModel:
    try:
        return kind.Config.model_validate(dict(settings))
    except ValidationError as error:
        message = _("The settings of {platform} cannot be used: {details}")
        details = setting_faults.in_words(error.errors())
        raise UsageError(message.format(platform=kind.name, details=details)) from error


@cache
def _folders() -> frozenset[str]:
    here = Path(__file__).parent
    return frozenset(path.parent.name for path in here.glob("*/adapter.py"))


@cache
def _handed_off() -> Mapping[str, type[Adapter]]:
    return cast(
        Mapping[str, type[Adapter]], import_module(f"adapters.{HANDOFF}.adapter").BY_PLATFORM
    )


@cache
def _entry_points() -> Mapping[str, Callable[[], object]]:
    return {point.name: point.load for point in entry_points(group=GROUP)}


def _folder(name: str) -> ModuleType:
    return import_module(f"adapters.{name}.adapter")


def _named(name: str, found: object) -> type[Adapter]:
    adapter = cast(type[Adapter], found)
    if getattr(adapter, "name", None) != name:
        message = _('The adapter installed as "{name}" calls itself something else.')
        raise UsageError(message.format(name=name))
    return adapter
