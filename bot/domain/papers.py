"""The papers of an account: its registration 备案, and the platform's certification 认证."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.roster import Account, AccountStatus, day_of
from bot.i18n import N_, _


class Lack(StrEnum):
    """What is not in order, or soon will not be."""

    UNFILED = "unfiled"  # no 备案号: it cannot publish
    FILING_OVERDUE = "filing_overdue"  # and it should have one for long
    VERIFIED_SOON = "verified_soon"  # the certification ends soon
    VERIFIED_ENDED = "verified_ended"  # it ended; the platform may refuse what it allowed


@dataclass(frozen=True, kw_only=True)
class Paper:
    """Something an account lacks."""

    account: str
    lack: Lack
    day: date | None = None  # when it was due, ends or ended

    @property
    def sentence(self) -> str:
        """What it is and what to do, in words."""
        return _(_WORDS[self.lack]).format(account=self.account, day=self.day)


_WORDS = {
    Lack.UNFILED: N_(
        "{account} has no registration number (备案号), so it publishes nothing. Have it "
        "registered, and write the number into the roster."
    ),
    Lack.FILING_OVERDUE: N_(
        "{account} should have been registered (备案) by {day}; it publishes nothing without. Have "
        "it registered, and write the number into the roster."
    ),
    Lack.VERIFIED_SOON: N_(
        "{account}: the platform's certification (认证) ends on {day}. Have it renewed there."
    ),
    Lack.VERIFIED_ENDED: N_(
        "{account}: the platform's certification (认证) ended on {day}. It goes on publishing "
        "until the platform refuses. Have it renewed there, then run `bot accounts sync`."
    ),
}


def verified_until(account: Account, said: datetime | None) -> date | None:
    """The last day of the certification: as the platform says, else as the roster has it."""
    return day_of(said) if said is not None else account.verified_until


def papers(
    accounts: Iterable[tuple[Account, datetime | None]],
    now: datetime,
    *,
    warn: timedelta,
    filing: timedelta,
) -> list[Paper]:
    """What active accounts lack, each given with what its platform says of its certification."""
    found = []
    for account, said in accounts:
        if account.status_at(now) is AccountStatus.ACTIVE:
            found += _of(account, verified_until(account, said), day_of(now), warn, filing)
    return found


def _of(
    account: Account, until: date | None, today: date, warn: timedelta, filing: timedelta
) -> list[Paper]:
    found = []
    if not account.filing:
        due = account.opened + filing if account.opened is not None else None
        late = due is not None and due < today
        lack = Lack.FILING_OVERDUE if late else Lack.UNFILED
        found.append(Paper(account=account.id, lack=lack, day=due))
    if until is not None and until <= today + warn:
        lack = Lack.VERIFIED_ENDED if until < today else Lack.VERIFIED_SOON
        found.append(Paper(account=account.id, lack=lack, day=until))
    return found
