"""All settings: environment (BOT_…, "__" between levels) over settings.toml; unknown keys refused.

Secrets come from the environment only.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from bot.domain import setting_faults
from bot.domain.gaps import GapRules, Limits
from bot.domain.quiet import span
from bot.domain.review import Level, Review
from bot.errors import UsageError
from bot.i18n import _


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Office(_Part):
    """Where the office's files are and what time it lives in."""

    schedules: Path = Path("schedules")
    timezone: str = "Asia/Shanghai"
    write_ids: bool = True  # into calendar files, for new entries without one

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            message = _("is no timezone ({name}); write for example Asia/Shanghai")
            raise ValueError(message.format(name=name)) from error
        return name


class LedgerPart(_Part):
    """The ledger: a SQLite file, or postgresql+asyncpg://…"""

    url: str = "sqlite:///var/ledger.sqlite3"


class QueuePart(_Part):
    """The queue: in this process, or arq on Redis when there is a redis_url."""

    redis_url: str = ""
    poll_s: float = Field(default=0.5, gt=0, le=10)  # how often a worker asks for messages


class Files(_Part):
    """Folders and files the bot writes."""

    handoff: Path = Path("var/handoff")
    preview: Path = Path("var/preview")
    key: Path = Path("var/secret.key")


class EnginePart(_Part):
    """How the engine works."""

    lease_s: int = Field(default=120, ge=1)
    batch: int = Field(default=200, ge=1, le=1000)
    concurrency: int = Field(default=64, ge=1, le=500)
    per_platform: int = Field(default=50, ge=1, le=500)


class Reprinting(_Part):
    """How key items are reprinted."""

    per_hour: int = Field(default=60, ge=0)  # of one key item, by the bot; 0: not limited


class TokensPart(_Part):
    """How authorisations are kept alive."""

    warn_days: int = Field(default=21, ge=1, le=365)  # before a person must authorise again
    lease_s: int = Field(default=120, ge=10)
    remember_s: int = Field(default=30, ge=0, le=300)


class RegistryPart(_Part):
    """When the papers of accounts are spoken of."""

    verified_warn_days: int = Field(default=30, ge=1, le=365)  # before a certification ends
    filing_days: int = Field(default=30, ge=1)  # after opening an account is to be registered


class GapLimits(_Part):
    """Days without a post until an account is warned about, and until it fails."""

    warn_days: int = Field(default=10, ge=1)
    fail_days: int = Field(default=14, ge=1)


class Gaps(GapLimits):
    """The limits, and others for units of one regime."""

    regimes: dict[Literal["gov", "sector_institution"], GapLimits] = {}

    @property
    def rules(self) -> GapRules:
        """As the domain knows them."""
        return GapRules(
            default=_limits(self),
            by_regime={name: _limits(part) for name, part in self.regimes.items()},
        )


def _limits(part: GapLimits) -> Limits:
    return Limits(warn_days=part.warn_days, fail_days=part.fail_days)


_QUIET = re.compile(r"(?:(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d)?", re.ASCII)


def _a_night(text: str) -> str:
    if not _QUIET.fullmatch(text):
        message = _("is no span of times ({text}); write 22:00-07:00, or nothing")
        raise ValueError(message.format(text=text))
    return text


class CheckPart(_Part):
    """What `bot check` objects to, as far as the office may choose."""

    off: dict[str, str] = {}  # code of a rule -> why it is switched off
    slot_minutes: int = Field(default=30, ge=0, le=1440)
    quiet: str = "22:00-07:00"  # "" knows no night
    approved_sources: list[str] = []  # empty: reprints from anywhere
    health_days: str = "usual"  # usual, all, none, or names parted by commas
    links_private: bool = False  # `--links` also asks addresses within the office's network

    @field_validator("quiet")
    @classmethod
    def _two_times(cls, text: str) -> str:
        return _a_night(text)

    @field_validator("off")
    @classmethod
    def _with_reasons(cls, off: dict[str, str]) -> dict[str, str]:
        for code, reason in off.items():
            if not reason.strip():
                raise ValueError(_("says no reason for {code}").format(code=code))
        return off


class Log(_Part):
    """Logs go to stderr."""

    level: str = Field(default="warning", pattern="^(debug|info|warning|error)$")
    json_lines: bool = False


class Web(_Part):
    """Where health and metrics are served."""

    listen: str = "127.0.0.1:8080"  # "" serves nothing
    own_process: bool = True  # beside `bot run`; no: within it
    metrics_open: bool = False
    overdue_s: float = Field(default=60.0, gt=0)
    public_url: str = ""  # how platforms and browsers outside reach it, without a path's end

    @field_validator("public_url")
    @classmethod
    def _a_web_address(cls, text: str) -> str:
        if text and not text.startswith(("https://", "http://")):
            message = _("is no web address ({text}); write https://…, or nothing")
            raise ValueError(message.format(text=text))
        return text

    @field_validator("listen")
    @classmethod
    def _an_address(cls, text: str) -> str:
        host, port = _host_and_port(text)
        if text and not (host and port.isdecimal() and int(port) < 65536):
            message = _(
                "is no address ({text}); write HOST:PORT, for example 127.0.0.1:8080, or nothing"
            )
            raise ValueError(message.format(text=text))
        return text

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port; None when nothing is served."""
        host, port = _host_and_port(self.listen)
        return (host, int(port)) if self.listen else None

    @property
    def reached_at(self) -> str:
        """How links to the bot's pages begin: http://…, without a slash at the end.

        Without a public_url that is the address listened on; "" where it names no machine.
        """
        if self.public_url or self.address is None:
            return self.public_url.rstrip("/")
        return "" if self.address[0] in _EVERY_ADDRESS else f"http://{self.listen}"


_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - recognised, not listened on


def _host_and_port(text: str) -> tuple[str, str]:
    host, _colon, port = text.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), port  # [::1]:8080


_CONTACT = re.compile(r"ledger|env:[A-Za-z_][A-Za-z0-9_]*|mailto:[^\s@:/]+@[^\s@:/]+", re.ASCII)
_SPAN = re.compile(r"\d{1,3}[mhd]", re.ASCII)


def _lengths(value: list[str] | str) -> list[str] | str:
    for text in value if isinstance(value, list) else [value]:
        if not _SPAN.fullmatch(text):
            message = _("is no length of time ({text}); write 30m, 4h or 1d")
            raise ValueError(message.format(text=text))
    return value


class NotifyPart(_Part):
    """Who is told what people must do, when, and through what."""

    on: bool = True
    managers: list[str] = []  # references: mailto:…, env:NAME, or ledger
    officer: list[str] = []
    administrator: list[str] = []
    reviewers: list[str] = []
    remind: list[str] = ["4h", "1h"]  # before the deadline
    late: str = "2h"  # after it, once more
    escalate: str = "4h"  # after it, to the managers
    quiet: str = "21:30-07:30"  # "" knows no night
    wecom_url: str = "https://qyapi.weixin.qq.com"
    dingtalk_url: str = "https://oapi.dingtalk.com"
    feishu_url: str = "https://open.feishu.cn"
    smtp_host: str = ""
    smtp_port: int = Field(default=0, ge=0, le=65535)  # 0: the usual one of the mode
    smtp_user: str = ""
    smtp_password: SecretStr | None = None  # as BOT_NOTIFY__SMTP_PASSWORD only
    smtp_from: str = ""  # empty: the user
    smtp_mode: str = Field(default="ssl", pattern="^(ssl|starttls|insecure)$")
    timeout_s: float = Field(default=15.0, gt=0, le=60)

    @field_validator("quiet")
    @classmethod
    def _two_times(cls, text: str) -> str:
        return _a_night(text)

    @field_validator("managers", "officer", "administrator", "reviewers")
    @classmethod
    def _references(cls, names: list[str]) -> list[str]:
        for name in names:
            if not _CONTACT.fullmatch(name):
                # Not repeated: it may be an address with a secret in it.
                message = _("holds no reference; write mailto:NAME@HOST, env:VARIABLE, or ledger")
                raise ValueError(message)
        return names

    @field_validator("remind", "late", "escalate")
    @classmethod
    def _spans(cls, value: list[str] | str) -> list[str] | str:
        return _lengths(value)


class ReviewPart(_Part):
    """Which levels must approve a post before it goes out, and by when."""

    levels: list[Level] = []  # first, second, final; empty: none is needed
    columns: dict[str, list[Level]] = {}  # instead, for posts of these columns
    lead: str = "24h"  # before the planned time of the first release
    remind: list[str] = ["4h"]  # before that
    same_person: bool = False  # may one person act at several levels of one version

    @field_validator("lead", "remind")
    @classmethod
    def _spans(cls, value: list[str] | str) -> list[str] | str:
        return _lengths(value)

    @property
    def policy(self) -> Review:
        """As the engine knows it."""
        return Review(
            levels=_in_order(self.levels),
            columns={column: _in_order(levels) for column, levels in self.columns.items()},
            lead=span(self.lead),
            remind=tuple(span(text) for text in self.remind),
            same_person=self.same_person,
        )


def _in_order(levels: list[Level]) -> tuple[Level, ...]:
    return tuple(level for level in Level if level in levels)


class OidcPart(_Part):
    """The office's single sign-on (OpenID Connect); none without an issuer."""

    issuer: str = ""
    client_id: str = ""
    client_secret: SecretStr | None = None  # as BOT_OIDC__CLIENT_SECRET only
    name: str = ""  # on the login page
    claim: str = "sub"  # what of the identity is entered for each person of the desk
    timeout_s: float = Field(default=10.0, gt=0, le=60)

    @field_validator("issuer")
    @classmethod
    def _a_safe_address(cls, text: str) -> str:
        here = text.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]"))
        if text and not (text.startswith("https://") or here):
            message = _("is no safe web address ({text}); write https://…, or nothing")
            raise ValueError(message.format(text=text))
        return text.rstrip("/")


class WebhooksPart(_Part):
    """Programs that are told what happens."""

    this_machine: bool = False  # addresses of this machine itself may be called, too


class DoctorPart(_Part):
    """From where on `bot doctor` warns."""

    disk_free_mb: int = Field(default=500, ge=0)
    wal_mb: int = Field(default=256, ge=1)
    clock_skew_s: float = Field(default=5.0, gt=0)


class ImportPart(_Part):
    """Headings of one kind of export: for each field those that stand for it, the best first."""

    id: list[str] = []
    url: list[str] = []
    title: list[str] = []
    text: list[str] = []
    at: list[str] = []  # day and time
    day: list[str] = []  # where they stand in columns of their own
    clock: list[str] = []
    status: list[str] = []
    reads: list[str] = []
    likes: list[str] = []
    shares: list[str] = []
    comments: list[str] = []


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="BOT_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    office: Office = Office()
    ledger: LedgerPart = LedgerPart()
    queue: QueuePart = QueuePart()
    files: Files = Files()
    engine: EnginePart = EnginePart()
    reprinting: Reprinting = Reprinting()
    tokens: TokensPart = TokensPart()
    registry: RegistryPart = RegistryPart()
    gaps: Gaps = Gaps()
    check: CheckPart = CheckPart()
    log: Log = Log()
    web: Web = Web()
    notify: NotifyPart = NotifyPart()
    review: ReviewPart = ReviewPart()
    oidc: OidcPart = OidcPart()
    doctor: DoctorPart = DoctorPart()
    webhooks: WebhooksPart = WebhooksPart()
    # Each platform's own Config model checks its part when its adapter is made.
    platforms: dict[str, dict[str, Any]] = {}
    imports: dict[str, ImportPart] = {}
    secret_key: SecretStr | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The office's zone."""
        return ZoneInfo(self.office.timezone)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = settings_file()
        toml = TomlConfigSettingsSource(settings_cls, toml_file=file)
        return init_settings, env_settings, toml


def settings_file() -> Path:
    """Where the settings are read from; it need not be there."""
    return Path(os.environ.get("BOT_SETTINGS", "settings.toml"))


def load_settings(**changes: Any) -> Settings:
    """The settings in force; `changes` override everything. Raises UsageError naming the key."""
    file = settings_file()
    try:
        settings = Settings(**changes)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            _("{file} cannot be read: {cause}. Mend that line.").format(file=file, cause=error)
        ) from error
    except OSError as error:
        raise UsageError(
            _("{file} cannot be opened: {cause}").format(file=file, cause=error.strerror)
        ) from error
    except SettingsError as error:  # a BOT_… variable of a whole group that is not JSON
        raise UsageError(
            _("A BOT_… variable cannot be read: {cause}").format(cause=error)
        ) from error
    except ValidationError as error:
        raise UsageError(
            _("The settings ({file} or BOT_… variables) are wrong: {faults}").format(
                file=file, faults=setting_faults.in_words(error.errors())
            )
        ) from error
    written = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if "secret_key" in written:
        raise UsageError(
            _(
                "{file} holds secret_key. Secrets do not belong in the file: "
                "set BOT_SECRET_KEY instead."
            ).format(file=file)
        )
    if "smtp_password" in written.get("notify", {}):
        raise UsageError(
            _(
                "{file} holds notify.smtp_password. Secrets do not belong in the file: "
                "set BOT_NOTIFY__SMTP_PASSWORD instead."
            ).format(file=file)
        )
    if "client_secret" in written.get("oidc", {}):
        raise UsageError(
            _(
                "{file} holds oidc.client_secret. Secrets do not belong in the file: "
                "set BOT_OIDC__CLIENT_SECRET instead."
            ).format(file=file)
        )
    return settings
