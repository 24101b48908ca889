"""How accounts stand, as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from bot.domain.authorisation import Outlook
from bot.domain.gaps import GapState
from bot.domain.roster import Account, AccountStatus, Unit, name_matches
from bot.i18n import N_, _

_STATUSES = {
    AccountStatus.ACTIVE: N_("active"),
    AccountStatus.PAUSED: N_("paused"),
    AccountStatus.CLOSED: N_("closed"),
}
_OUTLOOKS = {
    Outlook.FINE: N_("fine"),
    Outlook.SOON: N_("ends soon"),
    Outlook.RUN_OUT: N_("run out"),
    Outlook.REFUSED: N_("refused"),
    Outlook.MISSING: N_("none yet"),
}
_GAPS = {
    GapState.OK: N_("posted lately"),
    GapState.WARN: N_("near the limit"),
    GapState.FAIL: N_("beyond the limit"),
    GapState.UNKNOWN: N_("not known: not read"),
    GapState.NOT_STARTED: N_("not opened yet"),
}
_KINDS = {"subscription": N_("subscription account"), "service": N_("service account")}
_FIELDS = {
    "name": N_("name"),
    "verified_name": N_("verified name"),
    "kind": N_("kind"),
    "verified_until": N_("certified until"),
}


class Bar(StrEnum):
    """Why the register keeps an account from publishing."""

    INACTIVE = "inactive"
    FILING = "filing"
    NAME = "name"


def bars(account: Account, unit: Unit, at: datetime) -> Mapping[Bar, str]:
    """What of the account's registration keeps it from publishing at `at`, each in words."""
    found = {}
    if account.status_at(at) is not AccountStatus.ACTIVE:
        found[Bar.INACTIVE] = _("in the roster it is not active")
    elif not unit.is_open(at):
        found[Bar.INACTIVE] = _("its unit is closed")
    if not account.filing:
        found[Bar.FILING] = _("it has no filing number")
    if not name_matches(account, unit):
        said = _("its verified name is “{theirs}”, its unit's “{ours}”")
        found[Bar.NAME] = said.format(theirs=account.verified_name, ours=unit.name)
    return found


def kind(value: str) -> str:
    """A WeChat account's kind in words; what another platform calls one as it is."""
    return _(_KINDS[value]) if value in _KINDS else value


def field(name: str) -> str:
    """A field of the roster in words; one of a later version as it is."""
    return _(_FIELDS[name]) if name in _FIELDS else name


def status(value: AccountStatus) -> str:
    """What the roster says of an account, in words."""
    return _(_STATUSES[value])


def outlook(value: Outlook) -> str:
    """How an account's authorisation stands, in words."""
    return _(_OUTLOOKS[value])


def silence(value: GapState) -> str:
    """How long an account has been silent beside its limits, in words."""
    return _(_GAPS[value])
