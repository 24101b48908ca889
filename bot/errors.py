"""Every exception we raise.

BotError
├── UsageError          wrong command line, settings or environment; a person must change it
├── LedgerError         the ledger cannot be opened, is locked, or is of another version
├── MediaError          a picture or video is gone or is not the one that was planned
├── CallRefused         a platform's call cannot be trusted or read; it changes nothing
├── StaleLease          somebody else owns the publication now; whoever sees it stops working on it
└── PlatformError       a platform answered (or did not); says what the engine does next
    ├── Rejected        content refused: fail, show the author
    │   └── Gone        it was public (or never shown to everybody) and is not now: never again
    ├── AuthFailed      credential or scope: pause the account, tell its administrator
    ├── RateLimited     quota of account or app: postpone, not an attempt
    ├── Unavailable     surely not published: retry with backoff
    ├── OutcomeUnknown  sent, no trustworthy answer: `find` before anything else
    │   └── AlreadyThere the platform says it has the same post: only a person may send again
    └── ContractBroken  answer not as documented: stop, alert
"""

from __future__ import annotations

from datetime import datetime


class BotError(Exception):
    """The root of all errors that are ours; its text is safe and meant to be shown to a person."""


class UsageError(BotError):
    """Wrong usage or settings; the command ends with exit code 2."""


class LedgerError(BotError):
    """The ledger cannot be used as it is."""


class MediaError(BotError):
    """A file of the office is gone, unreadable, or changed since it was planned."""


class CallRefused(BotError):
    """A call that claims to come from a platform is not signed by it, is old, or is unreadable."""


class StaleLease(BotError):
    """The lease on a publication was lost; nothing may be done to it any more."""


class PlatformError(BotError):
    """What a platform call came to, in terms of what to do next.

    `code` is the platform's own code as text ("" when there was none), `status` the HTTP status
    (0 when no answer came), `raw` a shortened and redacted piece of the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        platform: str,
        action: str,
        status: int = 0,
        code: str = "",
        advice: str = "",
        raw: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.platform = platform
        self.action = action
        self.status = status
        self.code = code
        self.advice = advice
        self.raw = raw[:500]

    def facts(self) -> dict[str, object]:
        """The error as plain data, for the ledger's event and the log."""
        return {
            "kind": type(self).__name__,
            "message": self.message,
            "platform": self.platform,
            "action": self.action,
            "status": self.status,
            "code": self.code,
            "advice": self.advice,
            "raw": self.raw,
        }


class Rejected(PlatformError):
    """The content was refused; sending it again as it is cannot help."""


class Copied(Rejected):
    """The text is somebody's declared original (原创) there, and this account may not copy it."""


class Gone(Rejected):
    """It went out and was removed since, or only some may see it; nothing sends it again."""


class AuthFailed(PlatformError):
    """The credential or a permission does not hold; a person must authorise again."""


class RateLimited(PlatformError):
    """A quota is spent. Try again at `retry_at` (aware), or when the engine thinks fit if None."""

    def __init__(
        self,
        message: str,
        *,
        platform: str,
        action: str,
        retry_at: datetime | None = None,
        scope: str = "account",
        status: int = 0,
        code: str = "",
        advice: str = "",
        raw: str = "",
    ) -> None:
        super().__init__(
            message,
            platform=platform,
            action=action,
            status=status,
            code=code,
            advice=advice,
            raw=raw,
        )
        self.retry_at = retry_at
        self.scope = scope


class Unavailable(PlatformError):
    """Surely nothing was published; the same call may be made again after a while."""


class OutcomeUnknown(PlatformError):
    """The call was sent and no trustworthy answer came: it may or may not be public."""


class AlreadyThere(OutcomeUnknown):
    """The platform refused it as a duplicate: most likely it is public already."""


class ContractBroken(PlatformError):
    """The platform answered in a way its documents do not know."""
