"""What the machine draws: the bots' next piece of work, and what goes wrong with the platforms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hypothesis import strategies as st

from tests.bot.engine.world import Data
from tests.property.district import calendar

LEASE_S = 120
BOTS = st.integers(0, 1)
ANY = st.integers(0, 1000)
NAMES = sorted(calendar())
ACCOUNTS = (
    "u01-wechat",
    "u01-weibo",
    "u01-douyin",
    "u02-wechat",
    "u02-weibo",
    "u03-wechat",
    "u03-weibo",
)
PUBLISHING = {
    "wechat": ("freepublish/submit", "message/mass/sendall"),
    "weibo": ("statuses/share",),
    "douyin": ("create_video",),
}
PREPARING = {
    "wechat": ("draft/add", "add_material", "stable_token", "draft/batchget"),
    "weibo": ("user_timeline",),
    "douyin": ("upload_video", "refresh_token", "renew_refresh_token", "upload_image"),
}
CODES = {
    "wechat": (45009, 40001, 42001, 45028, 48001, -1),
    "weibo": (10022, 10024, 21327, 20019, 10001),
    "douyin": (28001003, 28001008, 2190008, 28003017, 28001005),
}
PLAIN = ("drop_before", "hang_before", "html", "empty", "missing_code")
LOST = ("lost_answer", "hang")
SLOW = ("latency", "latency", "review")
# How long a review may last: WeChat's without a bound; on Weibo a post shows within the two
# minutes that the platform names, for what comes later than that cannot be told from nothing.
REVIEW_S = {"wechat": (60, 600, 7200), "weibo": (30, 100), "douyin": (60, 1800)}
LATENCY_S = (4.0, 45.0, 90.0)

WAITS = st.sampled_from([1, 10, 20, 60, 100, LEASE_S + 1, 260, 600, 1800, 3600, 6 * 3600])
# Beyond a minute ahead, a look for a lost Weibo post begins after the post (adapters/weibo).
WRONG_S = (-50, -5, 0, 0, 5, 50)


class How(StrEnum):
    """What the bots do."""

    GO_ON = "go on"  # with what they have begun
    START = "start"  # claim what is due, get the messages, and leave it half done
    ROUND = "round"  # the same, and finish


class Fate(StrEnum):
    """What becomes of a message."""

    COMES = "comes"
    DOUBLED = "doubled"  # both bots get it
    LATE = "late"  # it waits for another job
    LOST = "lost"


@dataclass(frozen=True)
class Job:
    """So many iterations of work, for which a bot may be too short-lived."""

    how: How
    bot: int
    rounds: int = 0
    death: int | None = None
    fates: tuple[Fate, ...] = (Fate.COMES,)  # of one message after the other, again and again


_FATES = st.sampled_from([Fate.COMES, Fate.COMES, *Fate])
JOBS = st.builds(
    Job,
    how=st.sampled_from([How.GO_ON, How.START, How.START, How.ROUND]),
    bot=BOTS,
    rounds=st.integers(0, 100),
    death=st.none() | st.none() | st.integers(0, 150),
    fates=st.lists(_FATES, min_size=1, max_size=3).map(tuple),
)


@st.composite
def faults(draw: st.DrawFn) -> Data:
    """Something that goes wrong with the next calls of one account, or of all of a platform."""
    platform = draw(st.sampled_from(list(PUBLISHING)))
    account = draw(st.sampled_from([one for one in ACCOUNTS if one.endswith(platform)]))
    kind = draw(st.sampled_from([*PLAIN, *LOST, *LOST, *SLOW, *SLOW, "status", "code"]))
    where = draw(st.sampled_from(["publishing", "publishing", "publishing", "preparing", "any"]))
    paths = {"publishing": PUBLISHING, "preparing": PREPARING}.get(where, {})
    fault: Data = {"platform": platform, "times": draw(st.integers(1, 3))}
    if draw(st.booleans()):
        fault["account"] = account
    if platform in paths:
        fault["path"] = draw(st.sampled_from(paths[platform]))
    return fault | draw(_details(kind, platform)) | ({"path": ""} if kind == "review" else {})


@st.composite
def _details(draw: st.DrawFn, kind: str, platform: str) -> Data:
    if kind == "status":
        status = draw(st.sampled_from([500, 502, 503, 504]))
        return {"kind": draw(st.sampled_from(["status_before", "status_after"])), "status": status}
    if kind == "latency":
        return {"kind": kind, "seconds": draw(st.sampled_from(LATENCY_S))}
    if kind == "code":
        return {"kind": kind, "code": draw(st.sampled_from(CODES[platform]))}
    if kind != "review":
        return {"kind": kind}
    if platform == "weibo" or draw(st.booleans()):  # Weibo refuses nothing in silence
        return {"kind": "slow_review", "seconds": float(draw(st.sampled_from(REVIEW_S[platform])))}
    return {"kind": "refuse_review"}
