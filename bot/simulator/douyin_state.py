"""What Douyin remembers of its accounts: tokens, uploads, works.

Sources: https://developer.open-douyin.com/docs/resource/zh-CN/dop/ (read 2026-11-21).
"""

from dataclasses import dataclass, field
from typing import Any, Final

from bot.simulator.clock import day_number
from bot.simulator.douyin_hooks import Hooks
from bot.simulator.store import Core, Json, Post, digest, figure

ACCESS_LIFE_S: Final = 1_296_000
REFRESH_LIFE_S: Final = 2_592_000
CLIENT_LIFE_S: Final = 7_200
CODE_LIFE_S: Final = 600
RENEWALS_MAX: Final = 5
SCOPES: Final = (
    "user_info,video.create.bind,video.data.bind,posting.behavior,data.external.item,"
    "renew_refresh_token"
)
#: What an app may hold beside those; a test takes away what it wants.
APP_SCOPES: Final = f"{SCOPES},h5.share,aweme.share,open.get.ticket,jump.basic,aweme.forward"

VIDEO, IMAGES = 4, 2  # media_type
REJECTED, REVIEWING, PUBLIC, FRIENDS, PRIVATE = 2, 4, 5, 6, 7  # video_status


class DouyinError(Exception):
    """A business error; `shape` says which envelope carries it."""

    def __init__(self, code: int, text: str = "", *, shape: str = "A") -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.shape = shape


@dataclass(kw_only=True, slots=True)
class PartUpload:
    """A video being sent in parts; `sizes` by part number."""

    account: str
    expires_at: float
    sizes: dict[int, int] = field(default_factory=dict)
    is_video: bool = True  # what the first bytes of part 1 say


@dataclass(kw_only=True, slots=True)
class Work:
    """A video or image set that was created."""

    post: Post
    video_id: str  # the numeric id of the public link
    media_type: int
    ready_at: float
    verdict: int  # video_status after review
    cover: str = ""

    def status(self, now: float) -> int:
        """`video_status` at this moment."""
        if now < self.ready_at:
            return REVIEWING
        return REJECTED if self.post.banned_at is not None else self.verdict


@dataclass(kw_only=True, slots=True)
class Account:
    """One Douyin account that authorised one app."""

    platform: str = "douyin"
    account: str
    open_id: str
    client_key: str
    client_secret: str
    access_token: str
    refresh_token: str
    nickname: str = ""
    scopes: str = SCOPES  # what the owner has granted
    app_scopes: str = APP_SCOPES  # what the app holds
    redirect_host: str = ""  # 授权回调域; "": any
    list: bool = False  # still owns the withdrawn video_list
    expires_at: float | None = None  # None: never
    refresh_expires_at: float | None = None
    renewals: int = 0
    dead: bool = False
    works: dict[str, Work] = field(default_factory=dict)  # by item_id, oldest first
    by_video_id: dict[str, Work] = field(default_factory=dict)
    videos: set[str] = field(default_factory=set)  # uploaded, not yet used
    used_videos: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)


#: Fields of `Account` that control input may set.
INPUT: Final = [
    "platform",
    "account",
    "open_id",
    "client_key",
    "client_secret",
    "access_token",
    "refresh_token",
    "nickname",
    "scopes",
    "app_scopes",
    "redirect_host",
    "list",
    "expires_at",
    "refresh_expires_at",
]


class DouyinState:
    """All accounts and the indexes over them."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.accounts: dict[str, Account] = {}
        self.by_open_id: dict[str, Account] = {}
        self.by_token: dict[str, Account] = {}
        self.by_refresh: dict[str, Account] = {}
        self.client_tokens: dict[str, tuple[str, float]] = {}  # token: client_key, end
        self.codes: dict[str, tuple[Account, float]] = {}
        self.code_scopes: dict[str, str] = {}  # what the owner agreed to, where the page was used
        self.tickets: dict[str, tuple[str, float]] = {}  # ticket: client_key, end
        self.share_ids: dict[str, str] = {}  # share_id: client_key
        self.short_links: dict[str, Json] = {}  # link: what the app opens with
        self.hooks = Hooks(core)
        self.uploads: dict[str, PartUpload] = {}

    def register(self, data: Json) -> Account:
        """Add an account or update the one with the same id."""
        known = self.accounts.get(data["account"])
        if known is None:
            known = Account(**data)
        else:
            if "access_token" in data:  # a token given anew lives again
                known.expires_at = None
            for name, value in data.items():
                setattr(known, name, value)
        self.accounts[known.account] = known
        self.by_open_id[known.open_id] = known
        self.by_token[known.access_token] = known
        self.by_refresh[known.refresh_token] = known
        return known

    def app_scopes(self, client_key: str) -> set[str]:
        """What the app holds."""
        held = (a.app_scopes for a in self.accounts.values() if a.client_key == client_key)
        return {scope for scopes in held for scope in scopes.split(",")}

    def opaque(self, prefix: str) -> str:
        """An id full of characters that must be encoded in a query: @ + / =."""
        mark = digest(prefix, self.core.serial())
        return f"@{prefix}{mark[:14]}+{mark[14:28]}/{mark[28:40]}=="

    def fresh_access(self, account: Account) -> None:
        """A new access_token in place of the old one."""
        account.access_token = f"act.{digest('act', account.open_id, self.core.serial())}"
        account.expires_at = self.core.now() + ACCESS_LIFE_S
        self.by_token[account.access_token] = account

    def fresh_refresh(self, account: Account) -> None:
        """A new refresh_token; the old one is dead at once."""
        account.refresh_token = f"rft.{digest('rft', account.open_id, self.core.serial())}"
        account.refresh_expires_at = self.core.now() + REFRESH_LIFE_S
        self.by_refresh[account.refresh_token] = account

    def spend_push(self, account: Account) -> None:
        """Count one work of today; 2114007 beyond the cap, whose real number is unknown."""
        key, window = ("douyin", account.account, "push"), day_number(self.core.now())
        limit = self.core.limit("douyin", "push", 0)  # 0: no cap
        if limit and self.core.quotas.used(key, window) >= limit:
            raise DouyinError(2114007)
        self.core.quotas.add(key, window)

    def review_fate(self, account: Account) -> tuple[bool, float]:
        """Whether the next review refuses, and how many seconds it takes."""
        refused, seconds = False, self.core.settings.review_s["douyin"]
        for fault in self.core.faults.take_review("douyin", account.account):
            if fault.kind == "refuse_review":
                refused = True
            else:
                seconds = fault.seconds
        return refused, seconds

    def add_work(
        self,
        account: Account,
        text: str,
        *,
        media_type: int,
        via: str,
        at: float,
        ready_at: float,
        verdict: int = PUBLIC,
    ) -> Work:
        """Keep a new work; it is public from `ready_at` on if the verdict says so."""
        serial = self.core.serial()
        video_id = str(7_300_000_000_000_000_000 + serial)
        item_id = self.opaque("9V")
        place = "video" if media_type == VIDEO else "note"
        post = Post(
            id=item_id,
            platform="douyin",
            account=account.account,
            url=f"https://www.douyin.com/{place}/{video_id}",
            title=text[:30],
            text=text,
            created_at=at,
            public_at=ready_at if verdict == PUBLIC else None,
            via=via,
            kind="video" if media_type == VIDEO else "image_text",
            push=item_id,
        )
        work = Work(
            post=post,
            video_id=video_id,
            media_type=media_type,
            ready_at=ready_at,
            verdict=verdict,
            cover=f"https://p3.douyinpic.com/{digest(item_id)[:24]}.jpeg",
        )
        self.core.posts.add(post)
        account.works[item_id] = account.by_video_id[video_id] = work
        return work


def shown_work(state: DouyinState, work: Work, *, full: bool) -> dict[str, Any]:
    """A work as queries show it; `full` adds what only list and data calls carry."""
    now, post = state.core.now(), work.post
    status = work.status(now)
    shown: dict[str, Any] = {
        "item_id": post.id,
        "video_id": work.video_id,
        "title": post.text,
        "cover": work.cover,
        # A private work comes with 0: docstring of
        # https://github.com/fudiwei/DotNetCore.SKIT.FlurlHttpClient.ByteDance
        "create_time": 0 if status == PRIVATE and not full else int(post.created_at),
        "media_type": work.media_type,
    }
    # Optional since a bulletin of 2024-11-15.
    if state.core.settings.douyin_status_fields:
        shown["video_status"] = status
    if full:
        shown |= {"is_top": False, "share_url": post.url, "statistics": statistics(state, work)}
        if state.core.settings.douyin_status_fields:
            shown["is_reviewed"] = status != REVIEWING
    return shown


def statistics(state: DouyinState, work: Work) -> dict[str, int]:
    """Counters that grow with age and stay 0 while the work is not public."""
    now, post = state.core.now(), work.post
    days = (now - work.ready_at) / 86_400 if post.public(now) else 0.0
    names = ("play", "digg", "comment", "share", "forward", "download")
    ceilings = (20_000, 800, 90, 120, 40, 60)
    return {
        f"{name}_count": figure(post.id, name, days, ceiling)
        for name, ceiling in zip(names, ceilings, strict=True)
    }
