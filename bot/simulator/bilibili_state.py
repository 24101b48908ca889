"""What bilibili's open platform remembers of its accounts: tokens, uploads, submissions.

Sources: https://open.bilibili.com/doc/4/ and the copy of its pages at
https://apifox.com/apidoc/docs-site/1106400 (read 2026-11-21).
"""

from dataclasses import dataclass, field
from typing import Any, Final

from bot.simulator.clock import day_number
from bot.simulator.store import Core, Json, Post, digest, figure

ACCESS_LIFE_S: Final = 2_592_000  # not published; an answer says when it ends
NEW_MEMBER_PER_DAY: Final = 5  # of an account that is no 正式会员
SCOPES: Final = "USER_INFO,USER_DATA,ARC_BASE,ARC_DATA"

REQUEST, BAD_SIGNATURE, BAD_TIME, OLD_NONCE = -400, 4002, 4003, 4004
BAD_CLIENT, BAD_SECRET, BAD_CODE, BAD_REFRESH = 122000, 122001, 122002, 122007
UNKNOWN, BAD_TITLE, SAME_TITLE, PROCESSING, SPENT = 123004, 123013, 123015, 123028, 123029
NO_KEYS, BAD_TOKEN, WRONG_CLIENT, NOT_ALLOWED = 127000, 127001, 127004, 127011
BAD_UPLOAD, PARAMETER, FILE_TYPE, DELETED, BAD_TYPE = 127022, 127100, 127102, 127107, 127207

PUBLIC, WAITING, RETURNED, LOCKED = 0, -1, -2, -4  # addit_info.state
_SAID: Final = {PUBLIC: "开放浏览", WAITING: "待审", RETURNED: "已退回", LOCKED: "已锁定"}

#: 分区 by parent, as type/list shows them; only leaves take submissions.
TYPES: Final = {
    (36, "知识"): {201: "科学科普", 124: "社科·法律·心理", 122: "野生技能协会"},
    (160, "生活"): {21: "日常"},
    (202, "资讯"): {203: "热点", 206: "综合"},
}
LEAVES: Final = frozenset(tid for children in TYPES.values() for tid in children)


class BilibiliError(Exception):
    """A business error."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


@dataclass(kw_only=True, slots=True)
class Upload:
    """One upload_token: it takes one video and serves one submission."""

    account: str
    small: bool  # utype 1: one request, no complete
    sizes: dict[int, int] = field(default_factory=dict)  # by part_number
    whole: bool = False
    used: bool = False


@dataclass(kw_only=True, slots=True)
class Archive:
    """A video that was submitted (稿件)."""

    post: Post
    fields: Json  # title, tid, tag, desc, copyright, no_reprint, cover, source
    ready_at: float
    refused: bool

    def state(self, now: float) -> int:
        """`addit_info.state` at this moment."""
        if self.post.banned_at is not None and self.post.banned_at <= now:
            return LOCKED
        if now < self.ready_at:
            return WAITING
        return RETURNED if self.refused else PUBLIC


@dataclass(kw_only=True, slots=True)
class Account:
    """One bilibili account that authorised one app."""

    platform: str = "bilibili"
    account: str
    open_id: str
    client_id: str
    client_secret: str
    access_token: str
    refresh_token: str
    name: str = ""
    scopes: str = SCOPES
    verified: bool = True  # 正式会员
    expires_at: float | None = None  # None: never
    dead: bool = False  # its owner took the authorisation back
    archives: dict[str, Archive] = field(default_factory=dict)  # by resource_id, oldest first
    covers: set[str] = field(default_factory=set)


#: Fields of `Account` that control input may set.
INPUT: Final = [
    "platform",
    "account",
    "open_id",
    "client_id",
    "client_secret",
    "access_token",
    "refresh_token",
    "name",
    "scopes",
    "verified",
    "expires_at",
]
NEEDED: Final = ("open_id", "client_id", "client_secret", "access_token", "refresh_token")


class BilibiliState:
    """All accounts and the indexes over them."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.accounts: dict[str, Account] = {}
        self.by_token: dict[str, Account] = {}
        self.by_refresh: dict[str, Account] = {}
        self.codes: dict[str, tuple[Account, float]] = {}
        self.uploads: dict[str, Upload] = {}
        self.nonces: set[str] = set()

    def register(self, data: Json) -> Account:
        """Add an account or update the one with the same id."""
        known = self.accounts.get(data["account"])
        if known is None:
            known = Account(**data)
        else:
            for name, value in data.items():
                setattr(known, name, value)
        self.accounts[known.account] = known
        self.by_token[known.access_token] = known
        self.by_refresh[known.refresh_token] = known
        return known

    def secret_of(self, client_id: str) -> str:
        """The secret of an app; "" when no account knows the app."""
        known = [a.client_secret for a in self.accounts.values() if a.client_id == client_id]
        return known[0] if known else ""

    def expire(self, account: str, dead: bool | None) -> None:
        """End the access token now; `dead` takes back or gives back the whole authorisation."""
        owner = self.accounts[account]
        owner.dead = owner.dead if dead is None else dead
        if dead is None:
            owner.expires_at = self.core.now()

    def fresh(self, account: Account) -> None:
        """New tokens; the old ones are dead."""
        serial = self.core.serial()
        account.access_token = digest("access", account.open_id, serial)[:32]
        account.refresh_token = digest("refresh", account.open_id, serial)[:32]
        account.expires_at = self.core.now() + ACCESS_LIFE_S
        self.by_token[account.access_token] = account
        self.by_refresh[account.refresh_token] = account

    def spend_push(self, account: Account) -> None:
        """Count one submission of today; 123029 beyond what a new member has."""
        key, window = ("bilibili", account.account, "push"), day_number(self.core.now())
        limit = self.push_limit(account)
        if limit is not None and self.core.quotas.used(key, window) >= limit:
            raise BilibiliError(SPENT, "今日投稿次数已达上限")
        self.core.quotas.add(key, window)

    def push_limit(self, account: Account) -> int | None:
        """How many submissions a day; None: the number is not published."""
        default = 0 if account.verified else NEW_MEMBER_PER_DAY
        return self.core.limit("bilibili", "push", default) or None

    def review_fate(self, account: Account) -> tuple[bool, float]:
        """Whether the next review refuses, and how many seconds it takes."""
        refused, seconds = False, self.core.settings.review_s["bilibili"]
        for fault in self.core.faults.take_review("bilibili", account.account):
            if fault.kind == "refuse_review":
                refused = True
            else:
                seconds = fault.seconds
        return refused, seconds

    def add(
        self,
        account: Account,
        fields: Json,
        *,
        via: str,
        at: float,
        ready_at: float,
        refused: bool = False,
    ) -> Archive:
        """Keep a new submission; it is public from `ready_at` on unless it is refused."""
        resource_id = f"BV1{digest('archive', self.core.serial())[:9]}"
        post = Post(
            id=resource_id,
            platform="bilibili",
            account=account.account,
            url=f"https://www.bilibili.com/video/{resource_id}",
            title=fields["title"],
            text=fields.get("desc", ""),
            created_at=at,
            public_at=None if refused else ready_at,
            via=via,
            kind="video",
            push=resource_id,
            source_url=fields.get("source", ""),
        )
        archive = Archive(post=post, fields=fields, ready_at=ready_at, refused=refused)
        self.core.posts.add(post)
        account.archives[resource_id] = archive
        return archive

    def console(self, account: str, text: str, at: float) -> Post:
        """A person submits on the web page."""
        fields = {"title": text, "tid": 201, "tag": "健康", "copyright": 1}
        return self.add(self.accounts[account], fields, via="console", at=at, ready_at=at).post


def shown(state: BilibiliState, archive: Archive) -> dict[str, Any]:
    """A submission as view and viewlist show it."""
    now, post = state.core.now(), archive.post
    current = archive.state(now)
    return {
        "cover": "",
        "desc": "",
        "no_reprint": 0,
        **{k: v for k, v in archive.fields.items() if k != "source"},
        "resource_id": post.id,
        "ctime": int(post.created_at),
        "ptime": int(archive.ready_at) if current == PUBLIC else 0,
        "video_info": {
            "cid": 0 if current != PUBLIC else int(digest(post.id)[:8], 16),
            "filename": digest(post.id, "file")[:20],
            "duration": 65,
            "share_url": post.url,
            "iframe_url": f"https://player.bilibili.com/player.html?bvid={post.id}",
        },
        "addit_info": {
            "state": current,
            "state_desc": _SAID[current],
            "reject_reason": "画面含有第三方水印" if current == RETURNED else "",
        },
    }


def statistics(state: BilibiliState, archive: Archive) -> dict[str, Any]:
    """Counters that grow with age and stay 0 while it is not public."""
    now, post = state.core.now(), archive.post
    days = (now - archive.ready_at) / 86_400 if post.public(now) else 0.0
    counts = {"view": 20_000, "danmaku": 300, "reply": 120, "favorite": 200, "coin": 150}
    counts |= {"share": 90, "like": 900}
    grown = {name: figure(post.id, name, days, ceiling) for name, ceiling in counts.items()}
    return {"title": post.title, "ptime": int(archive.ready_at), **grown}
