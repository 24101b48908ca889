"""What Kuaishou's open platform remembers of its accounts: tokens, uploads, works.

Sources: https://open.kuaishou.com/platform/openApi (content management, OAuth) and the copy of its
pages at https://apifox.com/apidoc/project-462993 (read 2026-11-21).
"""

from dataclasses import dataclass, field
from typing import Any, Final

from bot.simulator.clock import day_number
from bot.simulator.store import Core, Json, Post, digest, figure

ACCESS_LIFE_S: Final = 172_800
REFRESH_LIFE_S: Final = 15_552_000
CALLS_PER_DAY: Final = 1_000  # UNVERIFIED: one integration of 2026 quotes the page
SCOPES: Final = "user_info,user_video_publish,user_video_info,user_video_delete"

MISSING, BAD_CLIENT, BAD_TOKEN, BAD_GRANT = 100200100, 100200101, 100200102, 100200104
BAD_CODE, BAD_SCOPE, EXPIRED, CANCELLED = 100200105, 100200106, 100200108, 100200109
REFRESH_EXPIRED, QUOTA, BAD_PARAMETER = 100200113, 100100402, 100400
NOT_FOUND, NOT_UPLOADED, FAILED = 100120001, 120002, 120003


class KuaishouError(Exception):
    """A business error; `name` is what the answer's `error` says where that is known."""

    def __init__(self, code: int, text: str = "", *, name: str = "") -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.name = name


@dataclass(kw_only=True, slots=True)
class Upload:
    """One upload_token: it takes one video and serves one work."""

    account: str
    endpoint: str  # the host that was given out with it; no other takes its bytes
    sizes: dict[int, int] = field(default_factory=dict)  # by fragment_id
    is_video: bool = False  # what the first bytes say
    whole: bool = False  # all bytes are there
    used: bool = False


@dataclass(kw_only=True, slots=True)
class Work:
    """A video that was published."""

    post: Post
    ready_at: float
    refused: bool

    def gone(self, now: float, *, refused_stay: bool) -> bool:
        """True when nobody is shown it any more, its author included."""
        reviewed_away = self.refused and not refused_stay and now >= self.ready_at
        return self.post.gone(now) or reviewed_away

    def pending(self, now: float) -> bool:
        """The platform's only word about the review."""
        return now < self.ready_at or self.refused


@dataclass(kw_only=True, slots=True)
class Account:
    """One Kuaishou account that authorised one app."""

    platform: str = "kuaishou"
    account: str
    open_id: str
    app_id: str
    app_secret: str
    access_token: str
    refresh_token: str
    name: str = ""
    scopes: str = SCOPES
    expires_at: float | None = None  # None: never
    refresh_expires_at: float | None = None
    dead: bool = False  # its owner took the authorisation back
    works: dict[str, Work] = field(default_factory=dict)  # by photo_id, oldest first


#: Fields of `Account` that control input may set.
INPUT: Final = [
    "platform",
    "account",
    "open_id",
    "app_id",
    "app_secret",
    "access_token",
    "refresh_token",
    "name",
    "scopes",
    "expires_at",
    "refresh_expires_at",
]
NEEDED: Final = ("open_id", "app_id", "app_secret", "access_token", "refresh_token")


class KuaishouState:
    """All accounts and the indexes over them."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.accounts: dict[str, Account] = {}
        self.tokens: dict[str, tuple[Account, float | None]] = {}  # old ones live to their end
        self.by_refresh: dict[str, Account] = {}
        self.codes: dict[str, tuple[Account, float]] = {}
        self.uploads: dict[str, Upload] = {}

    def register(self, data: Json) -> Account:
        """Add an account or update the one with the same id."""
        known = self.accounts.get(data["account"])
        if known is None:
            known = Account(**data)
        else:
            for name, value in data.items():
                setattr(known, name, value)
        self.accounts[known.account] = known
        self.tokens[known.access_token] = (known, known.expires_at)
        self.by_refresh[known.refresh_token] = known
        return known

    def expire(self, account: str, dead: bool | None) -> None:
        """End the access tokens now; `dead` takes back or gives back the whole authorisation."""
        owner = self.accounts[account]
        owner.dead = owner.dead if dead is None else dead
        if dead is None:
            for token, (theirs, _end) in self.tokens.items():
                if theirs is owner:
                    self.tokens[token] = (owner, self.core.now())

    def fresh_access(self, account: Account) -> None:
        """A new access_token; the old one lives on to its own end."""
        account.access_token = f"ChF{digest('access', account.open_id, self.core.serial())[:40]}"
        account.expires_at = self.core.now() + ACCESS_LIFE_S
        self.tokens[account.access_token] = (account, account.expires_at)

    def fresh_refresh(self, account: Account) -> None:
        """A new refresh_token; the old one is dead, and its end is the new one's end."""
        account.refresh_token = f"ChJ{digest('refresh', account.open_id, self.core.serial())[:40]}"
        self.by_refresh[account.refresh_token] = account

    def spend_call(self, account: Account) -> None:
        """Count one call of today; 100100402 beyond what a user has."""
        key, window = ("kuaishou", account.account, "calls"), day_number(self.core.now())
        if self.core.quotas.used(key, window) >= self.calls_per_day():
            raise KuaishouError(QUOTA, "call limit exceeded")
        self.core.quotas.add(key, window)

    def calls_per_day(self) -> int:
        """How many calls of one user count until midnight."""
        return self.core.limit("kuaishou", "calls", CALLS_PER_DAY)

    def review_fate(self, account: Account) -> tuple[bool, float]:
        """Whether the next review refuses, and how many seconds it takes."""
        refused, seconds = False, self.core.settings.review_s["kuaishou"]
        for fault in self.core.faults.take_review("kuaishou", account.account):
            if fault.kind == "refuse_review":
                refused = True
            else:
                seconds = fault.seconds
        return refused, seconds

    def add_work(
        self, account: Account, caption: str, *, via: str, at: float, ready_at: float, refused: bool
    ) -> Work:
        """Keep a new work; it is public from `ready_at` on unless it is refused."""
        photo_id = f"3x{digest('photo', self.core.serial())[:13]}"
        post = Post(
            id=photo_id,
            platform="kuaishou",
            account=account.account,
            url=f"https://www.kuaishou.com/short-video/{photo_id}",
            title="",
            text=caption,
            created_at=at,
            public_at=None if refused else ready_at,
            via=via,
            kind="video",
            push=photo_id,
        )
        work = Work(post=post, ready_at=ready_at, refused=refused)
        self.core.posts.add(post)
        account.works[photo_id] = work
        return work

    def console(self, account: str, text: str, at: float) -> Post:
        """A person publishes in the app."""
        owner = self.accounts[account]
        return self.add_work(owner, text, via="console", at=at, ready_at=at, refused=False).post


def shown_work(state: KuaishouState, work: Work) -> dict[str, Any]:
    """A work as every query shows it; the play address is empty while it is pending."""
    now, post = state.core.now(), work.post
    days = (now - work.ready_at) / 86_400 if post.public(now) else 0.0
    counts = {"like_count": 900, "comment_count": 120, "view_count": 30_000}
    pending = work.pending(now)
    return {
        "photo_id": post.id,
        "caption": post.text,
        "cover": f"https://ali.a.kwimgs.example/{digest(post.id)[:24]}.jpg",
        "play_url": "" if pending else f"https://v.kwaicdn.example/{digest(post.id)[24:48]}.mp4",
        "create_time": int(post.created_at * 1000),
        "pending": pending,
        **{name: figure(post.id, name, days, ceiling) for name, ceiling in counts.items()},
    }
