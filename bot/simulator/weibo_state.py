"""What Weibo remembers of its users: tokens, statuses, reposts, recent texts.

Sources: https://open.weibo.com/wiki/ (read 2026-11-21).
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.simulator.clock import CHINA, HOUR_S, day_number
from bot.simulator.store import ControlError, Core, Json, Post, digest, figure
from bot.simulator.text import URL, base62, likeness, weibo_bid, weibo_length

CALLS_PER_DAY: Final = 100
POSTS_PER_HOUR: Final = 30
TEXT_MAX: Final = 140
REVOKED: Final = 21316
SIMILAR_AT: Final = 0.9
FIRST_MID: Final = 5_230_000_000_000_000
BEYOND_DOUBLES: Final = 9_007_199_254_740_993
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_DAYS: Final = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


class WeiboError(Exception):
    """A business error; `text` is the wire text where it decides the meaning."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


@dataclass(kw_only=True, slots=True)
class Status:
    """A post with what only Weibo knows of it."""

    mid: int
    post: Post
    urls: list[tuple[str, str]]  # short, long
    picture: str = ""
    root: "Status | None" = None  # the original of a repost, however deep
    reposts: list["Status"] = field(default_factory=list)
    strangers: int = 0  # reposts by people who never authorised any app of ours


@dataclass(kw_only=True, slots=True)
class User:
    """One Weibo account that authorised one app."""

    platform: str = "weibo"
    account: str
    uid: str
    access_token: str
    app_key: str
    app_secret: str = ""
    redirect_uri: str = ""
    screen_name: str = ""
    safe_domains: list[str] = field(default_factory=list)
    domains_audited: bool = True
    approved: bool = True  # the app passed its audit
    owner: bool = False  # the developer account the app belongs to
    paid: bool = False  # the app has a contract for the commercial interface
    verified: bool = True
    verified_reason: str = ""  # free text; "" is the screen name
    expires_at: float | None = None
    created_at: float = 0.0
    dead: bool = False
    token_code: int = 0  # above 0: the token answers with this code
    statuses: list[Status] = field(default_factory=list)  # by creation
    recent: dict[str, float] = field(default_factory=dict)  # text: when
    latest: deque[str] = field(default_factory=lambda: deque(maxlen=20))

    def authorised(self, app_key: str) -> bool:
        """True while this user lets the app act, or lets it until its token merely ran out."""
        return self.app_key == app_key and bool(self.access_token) and self.token_code != REVOKED


#: Fields of `User` that control input may set.
INPUT: Final = [
    "platform",
    "account",
    "uid",
    "access_token",
    "app_key",
    "app_secret",
    "redirect_uri",
    "screen_name",
    "safe_domains",
    "domains_audited",
    "approved",
    "owner",
    "paid",
    "verified",
    "verified_reason",
    "expires_at",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """An authorisation code that nobody has exchanged yet."""

    user: User
    redirect_uri: str  # what it was asked with; "" when nobody looked
    expires_at: float


class WeiboState:
    """All users and the indexes over them."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.users: dict[str, User] = {}
        self.by_uid: dict[str, User] = {}
        self.by_token: dict[str, User] = {}
        self.by_mid: dict[str, Status] = {}
        self.codes: dict[str, Code] = {}
        self._reposted: dict[tuple[str, int, str], float] = {}  # account, target, text: when
        self._last_mid = FIRST_MID

    def register(self, data: Json) -> User:
        """Add a user or update the one with the same account id."""
        known = self.users.get(data["account"])
        if known is None:
            known = User(created_at=self.core.now(), **data)
        else:
            self.by_uid.pop(known.uid, None)
            for name, value in data.items():
                setattr(known, name, value)
        if "access_token" in data:  # a token given anew lives again
            known.token_code = 0
        if not known.uid.isdecimal():
            raise ControlError("uid must be digits")
        known.safe_domains = [_domain(d) for d in known.safe_domains]
        self.users[known.account] = known
        self.by_uid[known.uid] = known
        if known.access_token:  # without one it has not authorised the app yet
            self.by_token[known.access_token] = known
        return known

    def new_token(self, user: User, life_s: float) -> str:
        """A fresh token in place of the old one."""
        token = f"2.00{digest(user.uid, self.core.serial())[:28]}"
        user.access_token, user.token_code = token, 0
        user.created_at = self.core.now()
        user.expires_at = self.core.now() + life_s
        self.by_token[token] = user
        return token

    def next_mid(self) -> int:
        """A new id, growing with time; beyond 2^53 when the setting asks for it."""
        floor = BEYOND_DOUBLES if self.core.settings.weibo_big_ids else FIRST_MID
        # Steps are uneven on the real platform; a caller must not count.
        self._last_mid = max(self._last_mid, floor) + 1 + self.core.serial() % 7
        return self._last_mid

    def add(
        self,
        user: User,
        text: str,
        *,
        kind: str,
        via: str,
        at: float,
        public_at: float | None,
        target: Status | None = None,
        picture: str = "",
    ) -> Status:
        """Keep a new status and everything that is found through it."""
        mid = self.next_mid()
        shown, urls = shorten(text)
        post = Post(
            id=str(mid),
            platform="weibo",
            account=user.account,
            url=f"https://weibo.com/{user.uid}/{weibo_bid(mid)}",
            title="",
            text=shown,
            created_at=at,
            public_at=public_at,
            via=via,
            kind=kind,
            push=str(mid),
            source_url=urls[0][1] if urls else "",
        )
        status = Status(mid=mid, post=post, urls=urls, picture=picture)
        self._link(status, target)
        self.core.posts.add(post)
        self.by_mid[post.id] = status
        _insert(user.statuses, status)
        return status

    def _link(self, status: Status, target: Status | None) -> None:
        if target is None:
            return
        status.root = target.root or target
        status.root.reposts.append(status)
        if target is not status.root:
            target.reposts.append(status)

    def find(self, mid: object) -> Status:
        """A status that is visible and stands; 20101 otherwise."""
        status = self.by_mid.get(str(mid))
        if status is None or not status.post.public(self.core.now()):
            raise WeiboError(20101)
        return status

    def remember(self, user: User, text: str) -> None:
        """Refuse an equal (20019) or, if switched on, a similar (20017) text; else keep it.

        The window of the real guard is not published.
        """
        settings, now = self.core.settings, self.core.now()
        key = text.strip()
        said_at = user.recent.get(key)
        if said_at is not None and now - said_at < settings.weibo_duplicate_s:
            raise WeiboError(20019)
        if settings.weibo_similar and any(likeness(key, t) >= SIMILAR_AT for t in user.latest):
            raise WeiboError(20017)
        user.recent[key] = now
        user.latest.append(key)
        if len(user.recent) > 4096:
            _forget(user.recent, now - settings.weibo_duplicate_s)

    def remember_repost(self, user: User, target: Status, text: str) -> None:
        """Refuse the same words on the same post once more (20111); else keep them."""
        now, key = self.core.now(), (user.account, target.mid, text.strip())
        said_at = self._reposted.get(key)
        if said_at is not None and now - said_at < self.core.settings.weibo_duplicate_s:
            raise WeiboError(20111)
        self._reposted[key] = now

    def posts_left(self, user: User) -> int:
        """How many posts the user may still make in this hour."""
        limit = self.core.limit("weibo", "push", POSTS_PER_HOUR)
        window = int(self.core.now() // HOUR_S)
        return limit - self.core.quotas.used(("weibo", user.account, "push"), window)

    def spend_post(self, user: User) -> None:
        """Count one accepted post."""
        window = int(self.core.now() // HOUR_S)
        self.core.quotas.add(("weibo", user.account, "push"), window)

    def calls_window(self) -> int:
        """The window of the daily call quota."""
        return day_number(self.core.now())


def _insert(statuses: list[Status], new: Status) -> None:
    at = len(statuses)  # nearly always the newest, so look from the end
    while at and statuses[at - 1].post.created_at > new.post.created_at:
        at -= 1
    statuses.insert(at, new)


def _forget(recent: dict[str, float], before: float) -> None:
    for text in [t for t, at in recent.items() if at < before]:
        del recent[text]


def _domain(given: str) -> str:
    return given.split("://")[-1].split("/")[0].lower()


def shorten(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The text with every URL as http://t.cn/…, and the pairs (short, long)."""
    pairs: list[tuple[str, str]] = []

    def _short(url: str) -> str:
        short = f"http://t.cn/A6{base62(int(digest(url)[:9], 16))[:6]}"
        pairs.append((short, url))
        return short

    return URL.sub(lambda found: _short(found.group()), text), pairs


def weibo_time(moment_s: float) -> str:
    """A time as Weibo writes it, whatever the locale: Sat Nov 21 10:00:00 +0800 2026."""
    at = datetime.fromtimestamp(moment_s, CHINA)
    clock = f"{at.hour:02}:{at.minute:02}:{at.second:02}"
    return f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at.day:02} {clock} +0800 {at.year}"


def check_length(text: str) -> None:
    """20012 when the text is longer than 140 by the composer's count."""
    if weibo_length(text) > TEXT_MAX:
        raise WeiboError(20012)


def shown_user(user: User, total: int) -> Json:
    """A user as answers carry it. https://open.weibo.com/wiki/2/users/show"""
    return {
        "id": int(user.uid),
        "idstr": user.uid,
        "screen_name": user.screen_name,
        "verified": user.verified,
        "verified_type": 1 if user.verified else -1,
        "verified_reason": (user.verified_reason or user.screen_name) if user.verified else "",
        "followers_count": 1000 + int(digest(user.uid)[:4], 16),
        "statuses_count": total,
    }


def shown_status(state: WeiboState, status: Status) -> Json:
    """The Status object. https://open.weibo.com/wiki/2/statuses/show"""
    post = status.post
    user = state.users[post.account]
    shown: Json = {
        "created_at": weibo_time(post.created_at),
        "id": status.mid,
        "idstr": post.id,
        "mid": post.id,
        "text": post.text,
        "textLength": weibo_length(post.text) * 2,
        "source": f'<a href="http://open.weibo.com">{user.screen_name}</a>',
        "isLongText": False,
        "pic_urls": [{"thumbnail_pic": status.picture}] if status.picture else [],
        "url_objects": [{"url_short": s, "url_long": u, "type": 0} for s, u in status.urls],
        "visible": {"type": 0, "list_id": 0},
        "user": shown_user(user, state.core.posts.alive("weibo", user.account)),
        **counters(state, status),
    }
    if status.root is not None:
        shown["retweeted_status"] = _shown_root(state, status.root)
    return shown


def _shown_root(state: WeiboState, root: Status) -> Json:
    post = root.post
    if post.gone(state.core.now()):
        return {"idstr": post.id, "mid": post.id, "deleted": "1", "text": ""}
    author = state.users[post.account]
    return {
        "id": root.mid,
        "idstr": post.id,
        "mid": post.id,
        "text": post.text,
        "created_at": weibo_time(post.created_at),
        "user": {"id": int(author.uid), "idstr": author.uid, "screen_name": author.screen_name},
    }


def counters(state: WeiboState, status: Status) -> dict[str, int]:
    """Reposts as they are; comments and likes that grow with age."""
    days = (state.core.now() - status.post.created_at) / 86_400
    return {
        "reposts_count": len(status.reposts) + status.strangers,
        "comments_count": figure(status.post.id, "comments", days, 30),
        "attitudes_count": figure(status.post.id, "attitudes", days, 200),
    }
