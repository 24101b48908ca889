"""What the simulated platforms remember in common: posts, quotas, settings.

`Core` is handed to every platform. Nothing here knows a platform's rules.
"""

import hashlib
from bisect import insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from bot.simulator.clock import Clock, iso
from bot.simulator.faults import FaultBook

Json = dict[str, Any]


class ControlError(ValueError):
    """Control input that cannot be used; the message is safe to show."""


@dataclass(kw_only=True, slots=True)
class Post:
    """One article, status or work, whoever made it."""

    id: str
    platform: str
    account: str
    url: str
    title: str
    text: str  # as stored by the platform: HTML for WeChat, rewritten text for Weibo
    created_at: float  # when the platform accepted it
    public_at: float | None  # when it becomes public; None: never
    via: str  # api or console
    kind: str  # publish, mass, share, repost, video, image_text
    push: str  # the id of the push or publish object it went out with
    source_url: str = ""
    removed_at: float | None = None
    banned_at: float | None = None

    def gone(self, now: float) -> bool:
        """True once its owner deleted it or the platform banned it."""
        return _past(self.removed_at, now) or _past(self.banned_at, now)

    def public(self, now: float) -> bool:
        """True while anybody can see it."""
        return _past(self.public_at, now) and not self.gone(now)

    def describe(self, now: float) -> Json:
        """The post as the control API shows it."""
        shown = ("id", "platform", "account", "url", "title", "text", "via", "kind", "push")
        data: Json = {name: getattr(self, name) for name in shown}
        data["source_url"] = self.source_url
        data["public"] = self.public(now)
        became_public = _past(self.public_at, now) and self.public_at is not None
        data["published_at"] = iso(self.public_at) if became_public and self.public_at else None
        return data


def _past(moment: float | None, now: float) -> bool:
    return moment is not None and moment <= now


class Posts:
    """Every post, found by id at once and by account in order of creation."""

    def __init__(self) -> None:
        self._by_id: dict[str, Post] = {}
        self._by_account: dict[tuple[str, str], list[Post]] = {}
        self._gone: Counter[tuple[str, str]] = Counter()

    def add(self, post: Post) -> None:
        """Keep a post; cheap when it is the newest of its account."""
        self._by_id[post.id] = post
        mine = self._by_account.setdefault((post.platform, post.account), [])
        insort(mine, post, key=lambda p: p.created_at)

    def get(self, post_id: str) -> Post | None:
        """The post, gone or not."""
        return self._by_id.get(post_id)

    def of(self, platform: str, account: str) -> list[Post]:
        """The account's posts, oldest first. Not a copy: do not change it."""
        return self._by_account.get((platform, account), [])

    def alive(self, platform: str, account: str) -> int:
        """How many posts of the account still stand."""
        return len(self.of(platform, account)) - self._gone[platform, account]

    def remove(self, post: Post, now: float, *, banned: bool = False) -> None:
        """Take a post down, by its owner or by the platform; repeating it changes nothing."""
        if post.removed_at is None and post.banned_at is None:
            self._gone[post.platform, post.account] += 1
        if banned and post.banned_at is None:
            post.banned_at = now
        if not banned and post.removed_at is None:
            post.removed_at = now

    def select(self, platform: str | None, account: str | None) -> Iterable[Post]:
        """Posts of one account or platform, or all."""
        for (their_platform, their_account), posts in self._by_account.items():
            if platform in (None, their_platform) and account in (None, their_account):
                yield from posts


class Quotas:
    """Counters that start again in each window; only the current window is kept."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], tuple[int, int]] = {}

    def used(self, key: tuple[str, str, str], window: int) -> int:
        """How much of (platform, account, budget) is used in this window."""
        kept, used = self._counts.get(key, (window, 0))
        return used if kept == window else 0

    def put(self, key: tuple[str, str, str], window: int, used: int) -> None:
        """Set the counter of this window."""
        self._counts[key] = (window, used)

    def add(self, key: tuple[str, str, str], window: int) -> int:
        """Count one more and return the new count."""
        used = self.used(key, window) + 1
        self._counts[key] = (window, used)
        return used

    def budgets(self, platform: str, account: str) -> list[str]:
        """The budgets of this account that were ever touched."""
        return [b for p, a, b in self._counts if (p, a) == (platform, account)]


_REVIEW_S = {"wechat": 20.0, "douyin": 120.0, "kuaishou": 120.0, "bilibili": 120.0}


@dataclass(kw_only=True, slots=True)
class Settings:
    """Switches for what the documents leave open; each default is the documented behaviour."""

    review_s: dict[str, float] = field(default_factory=lambda: dict(_REVIEW_S))
    limits: dict[str, dict[str, int]] = field(default_factory=dict)  # platform, budget, number
    ids: str = "number"  # WeChat publish_id, msg_data_id and msg_id: number or string
    url_variants: bool = False  # WeChat lists show http, chksm and #rd instead of the plain URL
    mass_guard: bool = False  # WeChat answers 45066 within 60 s of the first clientmsgid
    wechat_old_stats: bool = False  # getarticletotal answers instead of 47009
    wechat_event_copies: int = 1  # 0: lost on the way; 2: sent twice
    weibo_similar: bool = False  # 20017 on nearly the same text
    weibo_duplicate_s: float = 86_400.0  # how long 20019 remembers; the real window is unknown
    weibo_topics: str = "refuse"  # or strip: one SDK author saw that
    weibo_slow_s: float = 0.0  # above 0: every post answers 20032 and shows so much later
    weibo_big_ids: bool = False  # ids beyond 2^53
    douyin_list: bool = False  # video_list is withdrawn for new callers
    douyin_status_fields: bool = True  # video_status and is_reviewed are optional since 2024-12
    douyin_string_numbers: bool = False
    douyin_missing_code: bool = False
    douyin_log_id: bool = False
    douyin_html: bool = False
    douyin_upload_mb: float = 128.0
    bilibili_title_s: float = 3600.0  # how long a title is not taken again; not published
    bilibili_view_lag_s: float = 10.0  # so long archive/view says "being processed"
    bilibili_relative: bool = False  # expires_in is a span instead of a moment
    douyin_hook_content: str = "object"  # or string: some newer events hold JSON as text
    douyin_hook_copies: int = 1  # 0: lost on the way; 2: sent twice
    kuaishou_endpoint: str = ""  # given out by start_upload; "": another name of this server
    kuaishou_info_lag_s: float = 60.0  # so long photo/info does not know a new work
    kuaishou_short_fragment: bool = False  # of each fragment the last byte is lost
    kuaishou_refused_stay: bool = False  # a refused work stays pending instead of vanishing

    def update(self, data: Json) -> None:
        """Take over control input; `ControlError` for an unknown name or a wrong type."""
        for name, value in data.items():
            setattr(self, name, self._checked(name, value))

    def _checked(self, name: str, value: Any) -> Any:
        if name not in {f.name for f in fields(self)}:
            raise ControlError(f"there is no setting {name!r}")
        choices = {
            "ids": ("number", "string"),
            "weibo_topics": ("refuse", "strip"),
            "douyin_hook_content": ("object", "string"),
        }
        if name in choices and value not in choices[name]:
            raise ControlError(f"{name} must be one of {choices[name]}")
        if name == "review_s":
            return self.review_s | _numbers(name, value)
        if name == "limits":
            if not isinstance(value, dict):
                raise ControlError("limits must be an object of platforms")
            return self.limits | {k: self.limits.get(k, {}) | _ints(k, v) for k, v in value.items()}
        current = getattr(self, name)
        if isinstance(current, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not type(current):
            raise ControlError(f"{name} must be a {type(current).__name__}")
        return value

    def describe(self) -> Json:
        """All settings with their present values."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def _numbers(name: str, value: Any) -> dict[str, float]:
    if not isinstance(value, dict) or not all(_is_number(v) for v in value.values()):
        raise ControlError(f"{name} must be an object of numbers that are not negative")
    return {str(k): float(v) for k, v in value.items()}


def _ints(name: str, value: Any) -> dict[str, int]:
    return {key: int(number) for key, number in _numbers(f"limits.{name}", value).items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


@dataclass(kw_only=True)
class Core:
    """What all platforms share; one per running simulator."""

    clock: Clock
    faults: FaultBook = field(default_factory=FaultBook)
    posts: Posts = field(default_factory=Posts)
    quotas: Quotas = field(default_factory=Quotas)
    settings: Settings = field(default_factory=Settings)
    requests: Counter[str] = field(default_factory=Counter)
    _serial: int = 0

    def now(self) -> float:
        """Seconds since the epoch by the simulator's clock."""
        return self.clock.time()

    def serial(self) -> int:
        """A number never given before."""
        self._serial += 1
        return self._serial

    def limit(self, platform: str, budget: str, default: int) -> int:
        """The limit now in force: the documented default unless a setting changed it."""
        return self.settings.limits.get(platform, {}).get(budget, default)


def digest(*parts: object) -> str:
    """64 hex digits that are the same on every run: the stuff of tokens, links and figures."""
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()


def figure(seed: str, name: str, days: float, ceiling: int) -> int:
    """A counter that only grows with age: 0 at birth, near its own ceiling after some days."""
    top = int(digest(seed, name)[:8], 16) % max(ceiling, 1)
    return int(top * (1 - 0.5 ** max(days, 0.0)))
