"""The fixed words of domain and ledger as people read them."""

from __future__ import annotations

from bot.domain.publication import Hold, Publication, Role, State, owed_by
from bot.i18n import N_, _

_STATES = {
    State.PLANNED: N_("planned"),
    State.HELD: N_("held"),
    State.QUEUED: N_("queued"),
    State.SENDING: N_("sending"),
    State.UNKNOWN: N_("outcome unknown"),
    State.PENDING: N_("in review"),
    State.WAITING: N_("waiting"),
    State.HANDED_OFF: N_("handed off"),
    State.PUBLISHED: N_("published"),
    State.FAILED: N_("failed"),
    State.MISSED: N_("missed"),
    State.CANCELLED: N_("cancelled"),
}

_ROLES = {
    Role.CLOCK: N_("nobody yet: waits for its time"),
    Role.BOT: N_("the bot"),
    Role.PLATFORM: N_("the platform"),
    Role.OFFICER: N_("publicity officer"),
    Role.AUTHOR: N_("author"),
    Role.REVIEWER: N_("reviewer"),
    Role.LIAISON: N_("unit liaison"),
    Role.ADMINISTRATOR: N_("account administrator"),
}

_REASONS = {
    Hold.FIRST_RELEASE.value: N_("the flagship's own post is not public yet"),
    Hold.ACCEPTANCE.value: N_("the unit has not agreed yet"),
    Hold.CHECK.value: N_("`bot check` finds an error in it"),
    Hold.REVIEW.value: N_("a review is missing"),
    Hold.PAUSED.value: N_("the account's authorisation failed"),
    Hold.REGISTRY.value: N_("the account is not registered, not active, or its name differs"),
    Hold.FROZEN.value: N_("a freeze is on"),
    "not_registered_or_active": N_("the account is not registered (备案) or not active"),
    "name_differs": N_("the account's verified name is not the unit's"),
    "embargo": N_("its embargo has not ended"),
    "quota": N_("the platform's quota is used up"),
    "file": N_("a picture or video is not there, or not the one that was planned"),
    "unavailable": N_("the platform cannot be reached"),
    "not_published": N_("it surely did not go out and is tried again"),
    "window_passed": N_("its window passed"),
    "rejected": N_("the platform refused it"),
    "contract_broken": N_("the platform answered in an unknown way"),
    "internal_error": N_("an error inside the program"),
    "too_many_commits": N_("it was tried too often"),
    "platform_cannot_tell": N_("the platform cannot tell whether it went out"),
    "no_answer_in_time": N_("the platform gave no answer in time"),
    "platform_says_duplicate": N_("the platform says it has this post already"),
    "key_forgotten": N_("the platform no longer knows whether it was sent twice"),
    "ledger_slow": N_("the ledger answered too slowly, so it was not sent"),
    "gone": N_("it went out and has been removed since"),
    "lease_ran_out": N_("it took too long before anything was sent"),
    "stopping": N_("the bot was stopped"),
    "worker_died": N_("the bot was interrupted while sending"),
    "removed": N_("removed from the calendar"),
    "withdrawn": N_("withdrawn"),
    "declined": N_("the unit declined"),
    "exempted": N_("the unit was exempted"),
    "not_whitelisted": N_(
        "It is declared original (原创), and WeChat refuses the bot's copy. Carry it by WeChat's "
        "own 转载, or ask the first account for a place on its whitelist (白名单)."
    ),
    "carried_by_hand": N_("the unit had carried it by hand already"),
}

_PLATFORMS = {
    "wechat": N_("WeChat"),
    "weibo": N_("Weibo"),
    "douyin": N_("Douyin"),
    "kuaishou": N_("Kuaishou"),
    "bilibili": N_("bilibili"),
    "channels": N_("WeChat Channels"),
    "website": N_("website"),
    "toutiao": N_("Toutiao"),
    "baijiahao": N_("Baijiahao"),
    "xiaohongshu": N_("Xiaohongshu"),
    "zhihu": N_("Zhihu"),
    "xuexi": N_("Xuexi Qiangguo"),
    "renminhao": N_("Renminhao"),
    "pengpai": N_("The Paper"),
    "qiehao": N_("Qiehao"),
}

_QUOTAS = {
    "publish_hour": N_("posts: {limit} an hour"),
    "publish_day": N_("posts: {limit} a day"),
    "publish_month": N_("posts: {limit} a month"),
    "push_hour": N_("mass sends: {limit} an hour"),
    "push_day": N_("mass sends: {limit} a day"),
    "push_month": N_("mass sends: {limit} a month"),
}

_QUOTA_NAMES = {
    "publish_hour": N_("posts this hour"),
    "publish_day": N_("posts today"),
    "publish_month": N_("posts this month"),
    "push_hour": N_("mass sends this hour"),
    "push_day": N_("mass sends today"),
    "push_month": N_("mass sends this month"),
}

# bot/domain/matching.py has what each rule looks at.
_EVIDENCE = {
    "first release": N_("first release"),
    "receipt": N_("the platform's receipt"),
    "confirmed": N_("confirmed by a person"),
    "marker": N_("carries the post's marker"),
    "link": N_("links to the first release"),
    "repost": N_("reposted from the first release"),
    "source-and-title": N_("names the source, same title"),
    "contained": N_("same text"),
    "title": N_("same title only"),
    "cut": N_("text cut short"),
    "excerpt": N_("excerpt"),
    "few-own-words": N_("too little text of its own"),
    "guard-length": N_("much longer than the key item"),
    "guard-numbers": N_("numbers differ"),
    "guard-place": N_("place or time differs"),
    "guard-rewritten": N_("text in other words"),
    "guard-sibling": N_("another post of ours says the same"),
    "guard-subject": N_("another disease is named"),
    "guard-title": N_("title of another issue or part"),
    "pointer-other-text": N_("points at the post, but has another text"),
    "guard-names": N_("names differ"),
    "before-release": N_("out before the first release"),
}


def state(value: State) -> str:
    """A state in words."""
    return _(_STATES[value])


def role(value: Role) -> str:
    """A role in words; "" for nobody."""
    return _(_ROLES[value]) if value in _ROLES else ""


def reason(value: str) -> str:
    """A reason in words; a person's own words are shown as they are."""
    return _(_REASONS[value]) if value in _REASONS else value


def quota(action: str, period: str, limit: int) -> str:
    """What a quota allows, e.g. "mass sends: 1 a day"."""
    return _(_QUOTAS[f"{action}_{period}"]).format(limit=limit)


def quota_name(action: str, period: str) -> str:
    """What a quota counts in the period that runs; one of another platform as it is."""
    name = f"{action}_{period}"
    return _(_QUOTA_NAMES[name]) if name in _QUOTA_NAMES else name


def platform(name: str) -> str:
    """A platform's name as people say it; that of an adapter installed by others as it is."""
    return _(_PLATFORMS[name]) if name in _PLATFORMS else name


def evidence(code: str) -> str:
    """Evidence such as "receipt" or "C:contained c=0.93; source missing" in words."""
    proof, _sep, lack = code.partition("; ")
    rule, _space, score = proof.partition(" c=")
    level, colon, name = rule.rpartition(":")
    text = _(_EVIDENCE[name]) if name in _EVIDENCE else name
    if score:
        text += f" {float(score):.0%}"
    if colon:
        text = _("{level}: {evidence}").format(level=level, evidence=text)
    return text + _(", source not named") if lack else text


def owner(pub: Publication) -> Role:
    """Who owes the next move."""
    return owed_by(pub.state, pub.reason, pub.next_at)


def trouble(pub: Publication) -> str:
    """Why it stands where it stands, in one line; "" when there is nothing to say."""
    # The error may know more exactly than the reason what is wrong with an account.
    parts = [reason(str(pub.error.get("why") or pub.reason))]
    if pub.state is not State.PUBLISHED:
        parts += [reason(str(pub.error.get(key, ""))) for key in ("message", "advice")]
    if pub.withdrawn and pub.state is not State.PUBLISHED:
        parts.append(_("withdrawn: should it prove not public, it will not be sent"))
    if pub.changed_hash:
        parts.append(_("the calendar was changed after it went out; it was not sent again"))
    return _("; ").join(_said_once(parts))


def _said_once(parts: list[str]) -> list[str]:
    """Without empty parts, and without those that another one already holds."""
    bare = list(dict.fromkeys(part.strip().rstrip(".。") for part in parts))
    return [
        part for part in bare if part and not any(part in other for other in bare if other != part)
    ]
