"""Every page of the desk, in one place: axe goes through it, and so do the pictures of the docs.

A test holds it against the addresses that are served, so none can be forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PageOf:
    """A page as one person sees it in the middle of the sample month."""

    name: str  # of its picture, and of its test
    route: str  # as it is registered
    path: str = ""  # where the route has parts: the address; Desk.parts may stand in it
    who: str = "officer"  # one of tests.bot.web.visitors.PEOPLE; "": a stranger
    phone: bool = False  # pictured once more on a phone
    dark: bool = False  # pictured once more in the dark
    height: int = 900  # of the picture, where more is worth seeing
    frame: str = ""  # a frame that a script fills, and that belongs into the picture

    @property
    def address(self) -> str:
        """Below the desk's root, with a slash before it."""
        return self.path or self.route


PAGES: Sequence[PageOf] = (
    PageOf(name="today", route="/", phone=True, dark=True),
    PageOf(name="calendar", route="/calendar", phone=True, height=1200),
    PageOf(name="calendar-week", route="/calendar", path="/calendar?view=week"),
    PageOf(name="calendar-list", route="/calendar", path="/calendar?view=list"),
    PageOf(
        name="post",
        route="/posts/{post}",
        path="/posts/k4-long-prescription",
        phone=True,
        height=1300,
    ),
    PageOf(name="post-checks", route="/posts/{post}/checks", path="/posts/k5-heat-warning/checks"),
    PageOf(
        name="recall", route="/posts/{post}/recall", path="/posts/0515-iodine/recall?kind=withdraw"
    ),
    PageOf(
        name="edit",
        route="/posts/{post}/edit",
        path="/posts/k5-heat-warning/edit",
        phone=True,
        dark=True,
        height=1200,
        frame="#preview",
    ),
    PageOf(name="new-post", route="/posts/new", height=1500),
    PageOf(name="rule", route="/rules/{code}", path="/rules/efficacy-claim"),
    PageOf(name="uploads", route="/uploads"),
    PageOf(name="reviews", route="/reviews", who="first"),
    PageOf(
        name="review",
        route="/reviews/{post}",
        path="/reviews/0518-blood-bus",
        who="first",
        phone=True,
    ),
    PageOf(name="deputies", route="/reviews/deputies", who="final"),
    PageOf(name="tasks", route="/tasks"),
    PageOf(name="task", route="/tasks/{id}", path="/tasks/{task}", who="liaison", phone=True),
    PageOf(name="key-items", route="/key-items", phone=True, dark=True),
    PageOf(
        name="key-item",
        route="/key-items/{post}",
        path="/key-items/k2-dengue-alert",
        phone=True,
        height=1400,
    ),
    PageOf(
        name="match",
        route="/key-items/{post}/matches/{number}",
        path="/key-items/k2-dengue-alert/matches/6",
    ),
    PageOf(name="counts", route="/counts", who="manager", path="/counts?period=2026-05"),
    PageOf(
        name="counts-items",
        route="/counts/items",
        who="manager",
        path="/counts/items?period=2026-05&platform=wechat",
    ),
    PageOf(name="charts", route="/charts", who="manager", dark=True, height=2000),
    PageOf(name="accounts", route="/accounts", phone=True),
    PageOf(name="accounts-days", route="/accounts", path="/accounts?view=days&unit=u02"),
    PageOf(name="account", route="/accounts/{account}", path="/accounts/u02-wechat"),
    PageOf(name="log", route="/log", who="administrator"),
    PageOf(name="freeze", route="/freeze"),
    PageOf(name="settings", route="/settings", who="administrator"),
    PageOf(name="people", route="/settings/people", who="administrator"),
    PageOf(
        name="person",
        route="/settings/people/{login}",
        path="/settings/people/first",
        who="administrator",
    ),
    PageOf(name="api", route="/settings/api", who="administrator"),
    PageOf(name="webhooks", route="/settings/webhooks", who="administrator"),
    PageOf(
        name="webhook",
        route="/settings/webhooks/{id}",
        path="/settings/webhooks/1",
        who="administrator",
    ),
    PageOf(name="me", route="/me", who="manager"),
    PageOf(name="login", route="/login", who=""),
    PageOf(name="invite", route="/invite/{secret}", path="/invite/{invite}", who=""),
)
# Addresses of the desk that show no page, and why.
OTHERS = {
    "/counts.{kind}": "a file",
    "/counts/items.{kind}": "a file",
    "/key-items.{kind}": "a file",
    "/live": "a stream of events",
    "/log.{kind}": "a file",
    "/oidc/callback": "leads on",
    "/oidc/start": "leads on",
    "/posts/preview/{token}": "shown within the form of a post, as readers will see it",
    "/posts/{post}/media/{name}": "a file",
    "/posts/{post}/preview/{account}": "shown within the page of a post, as readers see it",
    "/tasks/{id}/files/{name}": "a file",
    "/uploads/file": "a file",
}
