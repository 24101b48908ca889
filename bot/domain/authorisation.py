"""How long a platform lets us act for an account, and when a person must authorise it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.i18n import N_, _

WARN = timedelta(days=21)  # weeks, because an account's administrator may be away for two


class Outlook(StrEnum):
    """What an administrator must know."""

    FINE = "fine"
    SOON = "soon"  # ends soon, and only a person can prolong it
    RUN_OUT = "run_out"
    REFUSED = "refused"  # the platform said no
    MISSING = "missing"  # no credential was ever given


@dataclass(frozen=True, kw_only=True)
class Authorisation:
    """How one account's authorisation stands."""

    account: str
    state: Outlook
    until: datetime | None  # authorise again before; None: no end is known
    reason: str  # the platform's refusal in words; "" when there was none
    posts_after: int = 0  # publications still to be sent that are due after `until`

    def warning(self, zone: ZoneInfo) -> str:
        """What to do in one sentence, dates in `zone`; "" where nothing held and now ends."""
        if self.state in {Outlook.FINE, Outlook.MISSING}:
            return ""
        ends = self.until.astimezone(zone).strftime("%Y-%m-%d") if self.until else ""
        return _(_WORDS[self.state]).format(
            account=self.account, date=ends, reason=self.reason, count=self.posts_after
        )


def judge(
    account: str,
    *,
    given: bool,
    until: datetime | None,
    refused: str,
    now: datetime,
    warn: timedelta = WARN,
    posts_after: int = 0,
) -> Authorisation:
    """How the authorisation stands at `now`; a warning comes `warn` before its end."""
    return Authorisation(
        account=account,
        state=_outlook(given, until, refused, now, warn),
        until=until,
        reason=refused,
        posts_after=posts_after,
    )


def _outlook(
    given: bool, until: datetime | None, refused: str, now: datetime, warn: timedelta
) -> Outlook:
    if not given:
        return Outlook.MISSING
    if until is not None and until <= now:
        return Outlook.RUN_OUT
    if refused:
        return Outlook.REFUSED
    return Outlook.SOON if until is not None and until <= now + warn else Outlook.FINE


_WORDS = {
    Outlook.SOON: N_(
        "{account}: authorise it again by {date}, and store it with `bot accounts set-credential "
        "{account}`; {count} planned publications come later than that."
    ),
    Outlook.RUN_OUT: N_(
        "{account}: its authorisation ran out on {date}. Authorise it again and store it with "
        "`bot accounts set-credential {account}`; {count} planned publications wait for that."
    ),
    Outlook.REFUSED: N_(
        "{account}: the platform refuses its authorisation: {reason} Authorise it again and store "
        "it with `bot accounts set-credential {account}`, or mend the cause and run `bot accounts "
        "resume {account}`."
    ),
}
