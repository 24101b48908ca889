"""Posts and their variants: what the office wants to say, and its form on one account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.problem import NOWHERE, Place


class Kind(StrEnum):
    """What a publication is to its account."""

    ORIGINAL = "original"  # 原创 or first carried by the account itself
    REPRINT = "reprint"  # 转载: copied with source, openly labelled


class Method(StrEnum):
    """How it becomes public where a platform knows two ways (WeChat)."""

    PUBLISH = "publish"  # 发布: a permanent page, followers are not told
    PUSH = "push"  # 群发: followers are told, costs quota


@dataclass(frozen=True, kw_only=True)
class Media:
    """A picture or a video of the office, identified by what is in it."""

    path: str  # relative to the schedules folder, forward slashes
    sha256: str
    size: int  # bytes
    mime: str  # by content, never by extension: "image/jpeg", "video/mp4", …
    width: int = 0  # as it is shown, a turn noted in the file applied
    height: int = 0
    # Videos only:
    duration_s: float = 0.0
    codec: str = ""  # as MediaInfo names it, e.g. "AVC"
    audio: str = ""  # the sound's codec, e.g. "AAC"; "" without sound
    fps: float = 0.0  # frames a second
    bit_rate: int = 0  # bits a second, all together


@dataclass(frozen=True, kw_only=True)
class Override:
    """What a post says differently on one platform, in one unit or on one account.

    None means: as in the post.
    """

    title: str | None = None
    text: str | None = None
    digest: str | None = None
    link: str | None = None
    images: tuple[Media, ...] | None = None
    video: Media | None = None
    options: Mapping[str, str] = field(default_factory=dict)  # choices only this platform has
    intro: str | None = None  # the line above a reprint, instead of the unit's usual one

    def over(self, general: Override) -> Override:
        """This one where it says something, `general` elsewhere."""
        said = {name: getattr(self, name) for name in Override.__dataclass_fields__}
        known = {name: value for name, value in said.items() if value is not None}
        return replace(general, **{**known, "options": {**general.options, **self.options}})


@dataclass(frozen=True, kw_only=True)
class Article:
    """A further article of one push (多图文): below the first, in one message."""

    title: str
    body: str  # Markdown
    cover: Media | None = None
    digest: str = ""
    author: str = ""
    link: str = ""
    inline: tuple[Media, ...] = ()


@dataclass(frozen=True, kw_only=True)
class KeyItem:
    """What makes a post a key item 重点稿件."""

    deadline: timedelta  # 转载时限, from the planned time of the first release
    spread: timedelta  # reprints are spread over this window after the first release
    must: tuple[str, ...] = ()  # unit ids 应转; empty: every unit but those that may or are exempt
    may: tuple[str, ...] = ()  # unit ids 可转: offered the reprint, never counted as missing
    exempt: Mapping[str, str] = field(default_factory=dict)  # unit id -> reason (免转)
    # The office declares it 原创 on WeChat: only whitelisted accounts may copy it there.
    declared_original: bool = False

    def asks(self, unit: str) -> bool:
        """True when the unit must or may reprint it."""
        if unit in self.exempt:
            return False
        return not self.must or unit in self.must or unit in self.may


@dataclass(frozen=True, kw_only=True)
class Post:
    """One entry of a calendar file with everything it needs to go out."""

    id: str
    title: str
    due_at: datetime  # UTC
    accounts: tuple[str, ...]  # where it is first published; not the reprints
    window: timedelta  # how late it may still go out
    # account → how much later than `due_at` it goes there; for those that wait at all
    delays: Mapping[str, timedelta] = field(default_factory=dict)
    embargo_until: datetime | None = None  # 禁发时限: nowhere before that, whatever happens
    body: str = ""  # Markdown, for article platforms
    text: str = ""  # short text, for Weibo and video captions
    digest: str = ""
    author: str = ""
    reviewer: str = ""
    source: str = ""  # where a reprint from above comes from
    source_url: str = ""
    link: str = ""  # 原文链接 of an original; reprints link to the first release instead
    column: str = ""
    topic: str = ""  # science, policy, notice, video, news, profile, reprint, …
    cover: Media | None = None
    images: tuple[Media, ...] = ()  # the gallery (Weibo picture)
    inline: tuple[Media, ...] = ()  # pictures the body refers to
    video: Media | None = None
    more: tuple[Article, ...] = ()  # further articles of the same push
    # platform, unit or account -> what is different there
    overrides: Mapping[str, Override] = field(default_factory=dict)
    key: KeyItem | None = None
    push: bool = False
    ai_generated: bool = False
    patient_story: bool = False  # tells of a patient: goes out only with a consent reference
    consent: str = ""  # reference of the patient's consent, never the paper itself
    place: Place = NOWHERE

    def due_on(self, account: str) -> datetime:
        """When it is due on one of its accounts."""
        return self.due_at + self.delays.get(account, timedelta())

    @property
    def first_due_at(self) -> datetime:
        """When the first of its accounts is due. Reprints follow, so none of them is earlier."""
        return min(map(self.due_on, self.accounts), default=self.due_at)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A post's form for one account: all an adapter needs to know about the content."""

    post: str
    kind: Kind
    method: Method
    title: str
    text: str
    body: str  # Markdown
    digest: str
    author: str
    link: str  # 原文链接; for a reprint the first release
    label: str  # the open reprint label with source and 稿号; "" for an original
    marker: str  # 稿号, e.g. "HT-20260512-nurses"; survives copying and proves a reprint
    ai_generated: bool
    cover: Media | None = None
    images: tuple[Media, ...] = ()
    inline: tuple[Media, ...] = ()
    video: Media | None = None
    more: tuple[Article, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)  # checked by the adapter
    release: str = ""  # of a reprint: the first release on this platform itself, if it is out
