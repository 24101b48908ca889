"""What WeChat remembers of its accounts: tokens, material, drafts, pushes.

`D` in source notes stands for https://developers.weixin.qq.com/doc (read 2026-11-21).
"""

import base64
from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from bot.simulator.clock import DAY_S, day_number, month_number
from bot.simulator.store import ControlError, Core, Json, Post, digest
from bot.simulator.text import likeness, plain

TOKEN_LIFE_S: Final = 7200
_TOKENS_BETWEEN_SWEEPS: Final = 1000
SUBSCRIPTION_PER_DAY: Final = 1
SERVICE_PER_MONTH: Final = 4

PUBLISHED, REVIEWING, NOT_ORIGINAL, FAILED, REFUSED = 0, 1, 2, 3, 4
DELETED_BY_USER, BANNED = 5, 6


class WechatError(Exception):
    """A business error: HTTP 200 with an errcode."""

    def __init__(self, code: int, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


@dataclass(kw_only=True, slots=True)
class Token:
    """An access token; `killed` ones answer 40001, expired ones 42001."""

    account: str
    text: str
    expires_at: float
    killed: bool = False
    by_component: bool = False  # of a third-party platform, so its permission sets count


@dataclass(kw_only=True, slots=True)
class Media:
    """Permanent material."""

    media_id: str
    type: str  # image, voice, video, thumb
    name: str
    update_time: float
    url: str


@dataclass(kw_only=True, slots=True)
class Draft:
    """A draft; it vanishes when a publication of it succeeds."""

    media_id: str
    articles: list[Json]
    update_time: float
    consumed_at: float | None = None


@dataclass(kw_only=True, slots=True)
class Push:
    """Articles that went out, or will, in one go: a publish job, a mass send, a console post."""

    id: int  # publish_id or msg_id
    msg_data_id: int
    article_id: str
    articles: list[Json]
    posts: list[Post]
    ready_at: float  # when the review ends
    outcome: int  # what the review says: 0, 2, 3 or 4
    kind: str  # publish or mass
    via: str

    def status(self, now: float) -> int:
        """`publish_status` at this moment."""
        if now < self.ready_at:
            return REVIEWING
        if self.outcome != PUBLISHED:
            return self.outcome
        if self.posts and all(p.gone(now) for p in self.posts):
            banned = all(p.banned_at is not None for p in self.posts)
            return BANNED if banned else DELETED_BY_USER
        return PUBLISHED


@dataclass(kw_only=True, slots=True)
class Account:
    """One official account."""

    platform: str = "wechat"
    account: str
    appid: str
    secret: str
    name: str = ""
    principal: str = ""  # whom WeChat verified
    kind: Literal["subscription", "service"] = "subscription"
    verified: bool = True
    followers: int = 1000
    comments: bool = True  # has the right to open comments
    protection: str = ""  # confirm, refuse or silent: what the administrator does
    dead: bool = False
    token: Token | None = None  # newest of /cgi-bin/token
    stable: Token | None = None  # newest of /cgi-bin/stable_token
    forced_at: float | None = None
    media: dict[str, Media] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    pushes: list[Push] = field(default_factory=list)  # by ready_at
    jobs: dict[int, Push] = field(default_factory=dict)  # by publish_id or msg_id
    articles: dict[str, Push] = field(default_factory=dict)  # by article_id
    sends: dict[str, tuple[float, int]] = field(default_factory=dict)  # clientmsgid: when, msg_id

    @property
    def user_name(self) -> str:
        """The account's original id (原始ID)."""
        return f"gh_{digest('user_name', self.appid)[:12]}"

    @property
    def biz(self) -> str:
        """The `__biz` of the account's links."""
        number = int(digest("biz", self.appid)[:8], 16) % 10**9 + 3 * 10**9
        return base64.b64encode(str(number).encode()).decode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """A text declared 原创, and who may still send it."""

    account: str
    text: str
    whitelist: frozenset[str]


#: Fields of `Account` that control input may set.
INPUT: Final = [
    "account",
    "appid",
    "secret",
    "name",
    "principal",
    "kind",
    "verified",
    "followers",
    "comments",
    "protection",
    "platform",
]


class WechatState:
    """All accounts and the indexes over them."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.accounts: dict[str, Account] = {}
        self.by_appid: dict[str, Account] = {}
        self.tokens: dict[str, Token] = {}
        self.originals: list[Original] = []
        self.component_appid = ""  # of the third-party platform
        self.accepted: Callable[[Account, Push], None] = lambda account, push: None

    def register(self, data: Json) -> Account:
        """Add an account or update the one with the same id."""
        known = self.accounts.get(data["account"])
        if known is None:
            known = Account(**data)
            self.accounts[known.account] = known
        else:
            self.by_appid.pop(known.appid, None)
            for name, value in data.items():
                setattr(known, name, value)
        if known.kind not in ("subscription", "service"):
            raise ControlError("kind must be subscription or service")
        self.by_appid[known.appid] = known
        return known

    def new_token(self, account: Account) -> Token:
        """A fresh token, valid for two hours."""
        serial = self.core.serial()
        text = f"70_{digest(account.appid, serial)}{digest(serial, account.secret)}"
        expires_at = self.core.now() + TOKEN_LIFE_S
        token = Token(account=account.account, text=text, expires_at=expires_at)
        self.tokens[text] = token
        if len(self.tokens) % _TOKENS_BETWEEN_SWEEPS == 0:
            self._sweep_tokens()
        return token

    def _sweep_tokens(self) -> None:
        # Expired ones are kept for a day, so that they still answer 42001 and not 40001.
        oldest = self.core.now() - DAY_S
        self.tokens = {t.text: t for t in self.tokens.values() if t.expires_at > oldest}

    def kill_tokens(self, account: Account) -> None:
        """Invalidate every token of the account at once."""
        for token in [t for t in self.tokens.values() if t.account == account.account]:
            token.killed = True
        account.token = account.stable = None

    def shown_id(self, number: int) -> int | str:
        """A numeric id as now shown: documents and real answers differ in the type."""
        return number if self.core.settings.ids == "number" else str(number)

    def push_window(self, account: Account, at: float | None = None) -> tuple[int, int]:
        """Quota of mass sends and its window (now, or at a time): 1 a day, or 4 a month.

        D/service/guide/product/message/Batch_Sends
        """
        now = self.core.now() if at is None else at
        if account.kind == "service":
            return self.core.limit("wechat", "push", SERVICE_PER_MONTH), month_number(now)
        return self.core.limit("wechat", "push", SUBSCRIPTION_PER_DAY), day_number(now)

    def live_drafts(self, account: Account) -> dict[str, Draft]:
        """The drafts that are still there, oldest first."""
        now = self.core.now()
        used = [d for d in account.drafts.values() if d.consumed_at and d.consumed_at <= now]
        for draft in used:
            del account.drafts[draft.media_id]
        return account.drafts

    def draft(self, account: Account, media_id: object) -> Draft:
        """A draft that still exists; 40007 otherwise."""
        found = self.live_drafts(account).get(str(media_id))
        if found is None:
            raise WechatError(40007)
        return found

    def unoriginal(self, account: Account, articles: list[Json]) -> list[int]:
        """1-based indexes of the articles that repeat another account's 原创 text."""
        foreign = [
            o
            for o in self.originals
            if o.account != account.account and account.account not in o.whitelist
        ]
        return [
            index
            for index, article in enumerate(articles, 1)
            if any(likeness(plain(article["content"]), o.text) >= 0.8 for o in foreign)
        ]

    def accept(
        self,
        account: Account,
        articles: list[Json],
        *,
        kind: str,
        via: str,
        outcome: int,
        ready_at: float,
    ) -> Push:
        """Take a push in: its articles become public at `ready_at` if the outcome is 0."""
        number = self.core.serial()
        push = Push(
            id=(2_650_000_000 if kind == "publish" else 3_147_000_000) + number,
            msg_data_id=2_247_480_000 + number,
            article_id=digest("article", number)[:43] + "A",
            articles=articles,
            posts=[],
            ready_at=ready_at,
            outcome=outcome,
            kind=kind,
            via=via,
        )
        push.posts = [self._post(account, push, i, a) for i, a in enumerate(articles, 1)]
        for post in push.posts:
            self.core.posts.add(post)
        insort(account.pushes, push, key=lambda p: p.ready_at)
        account.jobs[push.id] = push
        account.articles[push.article_id] = push
        self.accepted(account, push)
        return push

    def _post(self, account: Account, push: Push, index: int, article: Json) -> Post:
        secret = digest("sn", push.msg_data_id, index)[:32]
        link = f"__biz={account.biz}&mid={push.msg_data_id}&idx={index}&sn={secret}"
        return Post(
            id=f"{push.msg_data_id}_{index}",
            platform="wechat",
            account=account.account,
            url=f"https://mp.weixin.qq.com/s?{link}",
            title=article.get("title", ""),
            text=article.get("content", ""),
            created_at=self.core.now() if push.via == "api" else push.ready_at,
            public_at=push.ready_at if push.outcome == PUBLISHED else None,
            via=push.via,
            kind=push.kind,
            push=str(push.id),
            source_url=article.get("content_source_url", ""),
        )

    def finished(self, account: Account) -> Iterator[Push]:
        """Pushes whose review is over and good, newest first."""
        now = self.core.now()
        for push in reversed(account.pushes):
            if push.ready_at <= now and push.outcome == PUBLISHED:
                yield push
