"""How accounts stand, as people read it."""

from __future__ import annotations

from bot.domain.authorisation import Outlook
from bot.domain.gaps import GapState
from bot.domain.roster import AccountStatus
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
