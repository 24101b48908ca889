"""The shapes of the office's files: what keys there are and what each takes (docs/calendar.md)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from bot.domain.roster import AccountStatus
from bot.domain.slots import Off
from bot.i18n import _
from bot.schedule.recurring import Clock, Holidays, RuleText
from bot.schedule.registered import Contact, Policies, Reprinting
from bot.schedule.values import (
    AccountAt,
    Day,
    Deadline,
    Duration,
    Flag,
    Id,
    Link,
    Moment,
    When,
    Window,
    refuse,
)

DEFAULT_WINDOW: Final = timedelta(hours=6)


def _strip(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _not_empty(text: str) -> str:
    if not text:
        refuse("empty-value", _("The value is empty."), _("Fill it in."))
    return text


Text = Annotated[str, BeforeValidator(_strip)]
Name = Annotated[Text, AfterValidator(_not_empty)]


class Shape(BaseModel):
    """A mapping of the files; a key with nothing after it counts as not written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if value is not None}
        return data


class AccountShape(Shape):
    id: Id
    platform: Name
    name: Name
    verified_name: Name
    kind: Literal["", "subscription", "service"] = ""
    filing: Text = ""
    filed: Day | None = None
    opened: Day | None = None
    changed: Day | None = None
    closed: Day | None = None
    verified_until: Day | None = None
    status: AccountStatus = AccountStatus.ACTIVE
    flagship: Flag = False
    whitelisted: Flag | None = None
    reprint: Reprinting = Policies()
    push: Flag = False
    mode: Text = ""  # which there are is the platform's business (adapters/registry.py)
    credential: Text = "ledger"
    options: dict[str, Text] = {}


class UnitShape(Shape):
    """A unit without its accounts; each of those is checked for itself."""

    id: Id
    name: Name
    short: Text = ""
    regime: Literal["gov", "sector_institution"] = "sector_institution"
    intro: Text = ""
    liaison: Text = ""
    contacts: list[Contact] = []
    reprint: Reprinting = Policies()
    opened: Day | None = None
    changed: Day | None = None
    closed: Day | None = None
    merged_into: Text = ""
    accounts: list[Any] = []


class RosterShape(Shape):
    matrix: Text = ""
    units: list[Any]


class DefaultsShape(Shape):
    accounts: list[AccountAt] = []
    window: Window = DEFAULT_WINDOW


class CalendarShape(Shape):
    """A calendar file without its posts and columns; each of those is checked for itself."""

    timezone: Name
    defaults: DefaultsShape = DefaultsShape()
    columns: dict[str, Any] = {}
    posts: list[Any] = []
    drafts: Any = None  # ideas for posts: never read, whatever they are


class OverrideShape(Shape):
    title: Text | None = None
    text: Text | None = None
    digest: Text | None = None
    link: Link | None = None
    images: list[Name] | None = None
    video: Text | None = None
    # What a value means is the platform's: "off", "1" and "true" stay the text they are written as.
    options: dict[str, Text] = {}
    intro: Text | None = None


class ArticleShape(Shape):
    """A further article of one push."""

    title: Name
    body: Name
    cover: Text = ""
    digest: Text = ""
    author: Text = ""
    link: Link = ""


class KeyShape(Shape):
    deadline: Deadline
    spread: Duration = timedelta()
    must: list[Id] = []
    may: list[Id] = []
    exempt: dict[str, Text] = {}
    declared_original: Flag = False


class SaidShape(Shape):
    """What a post may also take over from its column."""

    accounts: list[AccountAt] | None = None
    window: Window | None = None
    topic: Text = ""
    body: Text = ""
    text: Text = ""
    digest: Text = ""
    cover: Text = ""
    images: list[Name] = Field(default_factory=list)
    video: Text = ""
    author: Text = ""
    reviewer: Text = ""
    source: Text = ""
    source_url: Link = ""
    link: Link = ""
    push: Flag = False
    ai_generated: Flag = False
    consent: Text = ""
    patient_story: Flag = False
    ignore: dict[str, Text] = Field(default_factory=dict)
    more: list[ArticleShape] = Field(default_factory=list)
    variants: dict[str, OverrideShape] = Field(default_factory=dict)
    key: KeyShape | None = None
    embargo: Moment | None = None


class PostShape(SaidShape):
    id: Id
    title: Name
    at: When | None = None  # this, or a slot of its column
    slot: Day | None = None
    after: Text = ""  # the post `at` counts from
    column: Text = ""


class TemplateShape(Shape):
    title: Text = ""
    text: Text = ""
    digest: Text = ""


class ColumnShape(Shape):
    rule: RuleText | None = None
    at: Clock | None = None
    start: Day | None = Field(default=None, alias="from")
    until: Day | None = None
    left_out: list[Day] = Field(default=[], alias="except")
    extra: list[Day] = []
    holidays: Holidays = Off.KEEP
    accounts: list[AccountAt] | None = None
    window: Window | None = None
    defaults: SaidShape = SaidShape()
    template: TemplateShape = TemplateShape()
