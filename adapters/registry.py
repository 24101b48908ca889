"""Adapters by platform name, imported only when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from pydantic import BaseModel, ValidationError

from bot.contract import Adapter, Tools
from bot.domain import setting_faults
from bot.domain.roster import Account
from bot.errors import UsageError
from bot.i18n import _

GROUP = "xuanfa_bot.adapters"  # entry points of adapters installed by others
HANDOFF = "handoff"  # the folder, and the account mode, that give the package to a person


@cache
def adapter_for(platform: str, mode: str = "") -> type[Adapter]:
    """The adapter class that serves `platform` in `mode`; raises UsageError when there is none."""
    if mode not in ("", HANDOFF):
        raise UsageError(
            _('The account mode "{mode}" is not known; use "handoff" or leave it out.').format(
                mode=mode
            )
        )
    if platform not in platforms():
        raise UsageError(
            _('There is no adapter for the platform "{platform}"; known are {known}.').format(
                platform=platform, known=", ".join(sorted(platforms()))
            )
        )
    if mode == HANDOFF:
        return _built_in(HANDOFF)
    if platform in _handed_off():
        return _handed_off()[platform]
    return _built_in(platform) if platform in _folders() else _installed(platform)


def platforms() -> frozenset[str]:
    """Every platform name an account may have."""
    return (_folders() - {HANDOFF}) | _handed_off().keys() | _entry_points().keys()


def make(account: Account, tools: Tools, settings: Mapping[str, object]) -> Adapter:
    """The adapter of one account, with `settings` checked by the adapter's own Config.

    Raises UsageError for an unknown platform and for settings the Config refuses.
    """
    kind = adapter_for(account.platform, account.mode)
    try:
        config = kind.Config.model_validate(dict(settings))
    except ValidationError as error:
        message = _("The settings of {platform} cannot be used: {details}")
        details = setting_faults.in_words(error.errors())
        raise UsageError(message.format(platform=kind.name, details=details)) from error
    # The contract fixes how an adapter is made; a Protocol cannot say it about its __init__.
    factory = cast(Callable[[Account, Tools, BaseModel], Adapter], kind)
    return factory(account, tools, config)


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


def _built_in(name: str) -> type[Adapter]:
    return _named(name, import_module(f"adapters.{name}.adapter").ADAPTER)


def _installed(name: str) -> type[Adapter]:
    return _named(name, _entry_points()[name]())


def _named(name: str, found: object) -> type[Adapter]:
    adapter = cast(type[Adapter], found)
    if getattr(adapter, "name", None) != name:
        message = _('The adapter installed as "{name}" calls itself something else.')
        raise UsageError(message.format(name=name))
    return adapter
