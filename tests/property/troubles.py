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
PLAIN = ("drop_before", "lost_answer", "hang_before", "hang", "html", "empty", "missing_code")
# How long a review may last: WeChat's without a bound; on Weibo a post shows within the two
# minutes that the platform names, for what comes later than that cannot be told from nothing.
REVIEW_S = {"wechat": (60, 600, 7200), "weibo": (30, 100), "douyin": (60, 1800)}
LATENCY_S = (1.0, 4.0, 6.0, 45.0, 90.0)

WAITS = st.sampled_from([1, 10, 20, 60, 100, LEASE_S + 1, 260, 600, 1800, 3600, 6 * 3600])
WRONG_S = (-50, -5, 0, 0, 5, 50)


class How(StrEnum):
    """What the bots do."""

    GO_ON = "go on"  # with what they have begun
    TICK = "tick"  # claim what is due; the messages wait
    START = "start"  # claim, deliver all there is, and leave it half done
    BOTH = "both"  # the same, and every message goes to both
    ROUND = "round"  # claim, deliver, and finish


@dataclass(frozen=True)
class Job:
    """So many iterations of work, for which a bot may be too short-lived."""

    how: How
    bot: int
    rounds: int
    death: int | None


JOBS = st.builds(
    Job,
    how=st.sampled_from([How.GO_ON, How.TICK, How.START, How.START, How.BOTH, How.ROUND]),
    bot=BOTS,
    rounds=st.integers(0, 100),
    death=st.none() | st.none() | st.integers(0, 150),
)


@st.composite
def faults(draw: st.DrawFn) -> Data:
    """Something that goes wrong with the next calls of one account."""
    account = draw(st.sampled_from(ACCOUNTS))
    platform = account.partition("-")[2]
    kind = draw(st.sampled_from([*PLAIN, *PLAIN, "status", "latency", "code", "review"]))
    where = draw(st.sampled_from(["publishing", "publishing", "preparing", "any"]))
    paths = {"publishing": PUBLISHING, "preparing": PREPARING}.get(where, {})
    fault: Data = {"platform": platform, "account": account, "times": draw(st.integers(1, 3))}
    if platform in paths:
        fault["path"] = draw(st.sampled_from(paths[platform]))
    if kind == "status":
        fault["kind"] = draw(st.sampled_from(["status_before", "status_after"]))
        return fault | {"status": draw(st.sampled_from([500, 502, 503, 504]))}
    if kind == "latency":
        return fault | {"kind": kind, "seconds": draw(st.sampled_from(LATENCY_S))}
    if kind == "code":
        return fault | {"kind": kind, "code": draw(st.sampled_from(CODES[platform]))}
    if kind == "review":
        fault.pop("path", None)
        slow = platform == "weibo" or draw(st.booleans())  # Weibo refuses nothing in silence
        if slow:
            seconds = float(draw(st.sampled_from(REVIEW_S[platform])))
            return fault | {"kind": "slow_review", "seconds": seconds}
        return fault | {"kind": "refuse_review"}
    return fault | {"kind": kind}
