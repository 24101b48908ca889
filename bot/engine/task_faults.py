"""What is wrong with a person's answer to a task, field by field, so that nothing typed is lost."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain import words
from bot.domain.normalise import canonical_url
from bot.domain.post import Kind
from bot.domain.public_links import is_public, is_wechat_article, of_site, platform_of
from bot.domain.tasks import ANSWERS, Answer, Said, Task
from bot.i18n import _
from bot.ledger import items, posts, publications, roster
from bot.ledger.connection import Connection

TEXT_MAX = 500  # characters of a reason or a note
_AHEAD = timedelta(minutes=10)  # clocks differ
_BEFORE = timedelta(hours=1)  # so far a clock may be slow
_SITES = ("site", "feed")  # options of an account that say where its website is
_FRESH = timedelta(days=1)  # so long "now" is near enough
_LONG_AGO = timedelta(days=366)


async def faults(conn: Connection, task: Task, answer: Answer, *, now: datetime) -> dict[str, str]:
    """Field of the answer → what is wrong with it, and what to do; {} when it can be done."""
    if answer.said not in ANSWERS[task.kind]:
        return {"said": _("This task cannot be answered like that.")}
    found = {
        "text": _of_text(answer),
        "at": time_fault(answer.at, now, await _released(conn, task))
        or await _no_time(conn, task, answer, now),
        "url": await _of_link(conn, task, answer),
    }
    return {name: fault for name, fault in found.items() if fault}


def _of_text(answer: Answer) -> str:
    if answer.said is Said.DECLINED and not answer.text.strip():
        return _("Say why, in a few words.")
    if answer.said is Said.DONE and not (answer.text.strip() or answer.url):
        return _("Give the link, or say in a few words what was done.")
    if len(answer.text) > TEXT_MAX:
        return _("This is too long: at most {limit} characters.").format(limit=TEXT_MAX)
    return ""


async def _no_time(conn: Connection, task: Task, answer: Answer, now: datetime) -> str:
    if answer.said is not Said.REPORTED or answer.at is not None:
        return ""
    return no_time() if await needs_time(conn, task.account, task.since, now) else ""


def no_time() -> str:
    """What is said where `needs_time` and none was given."""
    return _("Say since when it is public. Left empty it would count as published just now.")


async def needs_time(conn: Connection, account: str, since: datetime | None, now: datetime) -> bool:
    """Whether a report must say since when, for "now" could be the wrong month.

    `since`: when it could first be done. Where the account is read, its own time counts anyway.
    """
    if since is None or now - since <= _FRESH:
        return False
    read = (await roster.health(conn))[account].read_until
    return read is None or now - read > _FRESH


async def _released(conn: Connection, task: Task) -> datetime | None:
    """When the first release was of which a reprint is asked for; None of anything else."""
    pub = await publications.by_post_and_account(conn, task.post, task.account)
    if pub is None or pub.kind is not Kind.REPRINT:
        return None
    return (await posts.some_posts(conn, [task.post]))[task.post].first_release_at


def time_fault(at: datetime | None, now: datetime, released: datetime | None) -> str:
    """What is wrong with the time `at` a person says it became public; "" if nothing is.

    `released` is its first release, None where there is none to wait for.
    """
    if at is not None and released is not None and at < released - _BEFORE:
        return _(
            "This time is before the first release, which a reprint follows. Look at the date and "
            "the time."
        )
    if at is not None and at > now + _AHEAD:
        return _("This time has not come yet. Report the link once the post is public.")
    if at is not None and at < now - _LONG_AGO:
        return _("This time is more than a year ago. Look at the year.")
    return ""


async def _of_link(conn: Connection, task: Task, answer: Answer) -> str:
    url = answer.url
    if not url and answer.said is not Said.REPORTED:
        return ""
    if not is_public(url):
        return _("This is no public link. Copy it from the post's page; it begins with https://.")
    where = platform_of(url)
    if where and where != task.platform:
        message = _("This link leads to {other}, but the task is about {platform}.")
        return message.format(other=words.platform(where), platform=words.platform(task.platform))
    if answer.said is Said.REPORTED and (fault := await _no_post(conn, task, url)):
        return fault
    return await _somebody_elses(conn, task, url)


def article_fault(platform: str, url: str) -> str:
    """What is wrong with a link that is surely no article; "" where it may be one."""
    if platform != "wechat" or is_wechat_article(url):
        return ""
    return _(
        "This is no address of an article. Open the article in WeChat, choose “Copy link” in its "
        "menu, and paste that: it begins with https://mp.weixin.qq.com/s."
    )


async def _no_post(conn: Connection, task: Task, url: str) -> str:
    """A link where no post of the account can be."""
    if task.platform != "website":
        return article_fault(task.platform, url)
    options = (await roster.load(conn)).accounts[task.account].options
    known = [options[name] for name in _SITES if options.get(name)]
    if of_site(url, known := known + await items.links(conn, task.account)):
        return ""
    message = _(
        "This link is not on the site of {account}, such as {known}. If the site has moved, the "
        "publicity office can record the link on the page of the post."
    )
    return message.format(account=task.account, known=known[0])


async def _somebody_elses(conn: Connection, task: Task, url: str) -> str:
    """A link that is known already as that of another post or another account."""
    first = (await publications.first_links(conn, [task.post])).get(task.post, {})
    own = await publications.by_post_and_account(conn, task.post, task.account)
    theirs = {canonical_url(link) for link in first.values() if own is None or link != own.url}
    if canonical_url(url) in theirs:
        return _("This is the link of the first release itself. Give that of your own account.")
    for account, publication in await items.owners(conn, url):
        if account != task.account:
            message = _("This link is known already as a post of {account}.")
            return message.format(account=account)
        if publication is not None and (own is None or publication != own.id):
            return _("This link is known already as that of another post.")
    return ""
