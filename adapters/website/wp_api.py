"""WordPress's REST calls, one method each: requests out, posts and typed errors back.

https://developer.wordpress.org/rest-api/reference/posts/, …/media/, …/users/ (read 2026-11-21).
The password is an application password, sent by HTTP Basic:
https://developer.wordpress.org/rest-api/using-the-rest-api/authentication/
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import aiohttp

from adapters.errortable import ErrorTable
from adapters.http import Answer, Fields, Http, Origin, Params
from bot.clock import Clock
from bot.errors import PlatformError, Rejected
from bot.i18n import _

ERRORS = ErrorTable.load(Path(__file__).with_name("errors.csv"))
_ROOT = "/wp-json/wp/v2"
_PLAIN_ROOT = "/?rest_route=/wp/v2"  # of sites whose addresses are ?p=123
# `any` leaves out the trash, where a person may have put it.
EVERY_STATUS = "publish,future,draft,pending,private,trash"
_FIELDS = "id,slug,status,link,date_gmt,title,content"
_PER_PAGE = 100
_CODE = re.compile(r'"code"\s*:\s*"(\w+)"')


@dataclass(frozen=True, kw_only=True)
class Credential:
    """The user the site's owner made for the office, with an application password."""

    user: str
    password: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """The authorisation, in a header: addresses end up in logs."""
        pair = f"{self.user}:{self.password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


@dataclass(frozen=True, kw_only=True)
class WpPost:
    """A post as the site has it."""

    id: str
    slug: str
    status: str  # publish, future, draft, pending, private, trash
    link: str
    published_at: datetime  # UTC; meaningful once it is published
    title: str  # as HTML
    content: str  # as HTML


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file in the site's media library."""

    id: str
    url: str


@dataclass(frozen=True, kw_only=True)
class User:
    """Who we are on the site."""

    name: str
    role: str
    capabilities: frozenset[str]


class WordPressApi:
    """The REST interface of one site."""

    def __init__(self, http: Http, uploads: Http, clock: Clock, *, plain: bool = False) -> None:
        self._root = _PLAIN_ROOT if plain else _ROOT
        self._http = http
        self._uploads = uploads  # the same site with more patience
        self._clock = clock

    async def me(self, who: Credential) -> User:
        """The user the password belongs to; raises AuthFailed when it is none."""
        answer = await self._read(who, "/users/me", "users/me", {"context": "edit"})
        fields = answer.fields
        roles = fields.value.get("roles")
        granted = fields.value.get("capabilities")
        able = granted if isinstance(granted, Mapping) else {}
        return User(
            name=fields.text("name", ""),
            role=str(roles[0]) if isinstance(roles, list) and roles else "",
            capabilities=frozenset(str(name) for name, yes in able.items() if yes),
        )

    async def by_slug(self, who: Credential, slug: str) -> WpPost | None:
        """The post with just this slug in any status but the trash, where slugs are changed."""
        params = {"slug": slug, "status": "any", "context": "edit", "_fields": _FIELDS}
        found = await self._posts(who, params, "posts")
        return next((post for post in found if post.slug == slug), None)

    async def by_id(self, who: Credential, post_id: str) -> WpPost | None:
        """The post in any status, the trash included; None when it is not there at all."""
        params = {"include": post_id, "status": EVERY_STATUS, "context": "edit"}
        found = await self._posts(who, params | {"_fields": _FIELDS}, "posts")
        return next((post for post in found if post.id == post_id), None)

    async def listed(self, who: Credential, since: datetime, pages: int) -> AsyncIterator[WpPost]:
        """What the site shows since then, newest first."""
        params = {
            "per_page": str(_PER_PAGE),
            "orderby": "date",
            "order": "desc",
            "_fields": _FIELDS,
            "after": since.astimezone(UTC).isoformat(timespec="seconds"),
        }
        for page in range(1, pages + 1):
            answer = await self._read(who, "/posts", "posts", params | {"page": str(page)})
            for post in _posts(answer):
                yield post
            # A page past the end is an error, not an empty list.
            if page >= _pages(answer):
                return

    async def create(self, who: Credential, fields: Mapping[str, object]) -> WpPost:
        """A new draft; nobody outside sees it."""
        answer = await self._write(who, "/posts", "posts/create", {**fields, "status": "draft"})
        return _post(answer.fields)

    async def rewrite(self, who: Credential, post_id: str, fields: Mapping[str, object]) -> WpPost:
        """The draft with other content; its status stays."""
        answer = await self._write(who, f"/posts/{post_id}", "posts/update", fields)
        return _post(answer.fields)

    async def publish(self, who: Credential, post_id: str) -> WpPost:
        """Makes the draft public: the ONE call with an effect. Made again it changes nothing."""
        path, body = f"/posts/{post_id}", {"status": "publish"}
        answer = await self._write(who, path, "posts/publish", body, effect=True)
        return _post(answer.fields)

    async def trash(self, who: Credential, post_id: str) -> None:
        """Puts the post into the trash."""
        headers = who.headers()
        try:
            answer = await self._http.call(
                "DELETE",
                f"{self._root}/posts/{post_id}",
                action="posts/delete",
                headers=headers,
                effect=False,
            )
        except PlatformError as error:
            raise self._translated(error) from error
        self._check(answer)

    async def upload(self, who: Credential, path: Path, *, name: str, mime: str) -> Upload:
        """Puts a file into the media library, read from disk as it is sent.

        Made again it gives a second file. `name` is ASCII: PHP knows no other way.
        """
        form = aiohttp.FormData(quote_fields=False)
        with path.open("rb") as file:
            form.add_field("file", file, filename=name, content_type=mime)
            try:
                answer = await self._uploads.call(
                    "POST",
                    f"{self._root}/media",
                    action="media",
                    data=form,
                    headers=who.headers(),
                    effect=False,
                )
            except PlatformError as error:
                raise _too_large(error, path) or self._translated(error) from error
        self._check(answer)
        return Upload(id=answer.fields.text("id"), url=answer.fields.text("source_url"))

    async def _posts(self, who: Credential, params: Params, action: str) -> list[WpPost]:
        return _posts(await self._read(who, "/posts", action, params))

    async def _read(self, who: Credential, path: str, action: str, params: Params) -> Answer:
        try:
            answer = await self._http.read(
                "GET", f"{self._root}{path}", action=action, params=params, headers=who.headers()
            )
        except PlatformError as error:
            raise self._translated(error) from error
        self._check(answer)
        return answer

    async def _write(
        self,
        who: Credential,
        path: str,
        action: str,
        body: Mapping[str, object],
        *,
        effect: bool = False,
    ) -> Answer:
        try:
            answer = await self._http.call(
                "POST",
                f"{self._root}{path}",
                action=action,
                json_body=body,
                headers=who.headers(),
                effect=effect,
            )
        except PlatformError as error:
            raise self._translated(error) from error
        self._check(answer)
        return answer

    def _check(self, answer: Answer) -> None:
        """Raises what an error body stands for. Its message is translated; the code is not."""
        if answer.status < 400:
            return
        fields = answer.fields
        code = fields.text("code")
        raise self._error(answer.origin, code, fields.text("message", ""))

    def _translated(self, error: PlatformError) -> PlatformError:
        """An answer above 499 by its code: some of them say that nothing was done."""
        found = _CODE.search(error.raw)
        if error.status < 500 or found is None or ERRORS.row(found[1], str(error.status)) is None:
            return error
        origin = Origin(
            platform=error.platform,
            action=error.action,
            effect=error.action == "posts/publish",
            status=error.status,
            head=error.raw.encode(),
        )
        return self._error(origin, found[1], "")

    def _error(self, origin: Origin, code: str, text: str) -> PlatformError:
        # The same code means one thing to nobody (401) and another to a user (403).
        return ERRORS.error(origin, code, f"{origin.status} {text}", now=self._clock.now())


def _too_large(error: PlatformError, path: Path) -> Rejected | None:
    """413 comes from the web server, as a page, before WordPress is asked."""
    if error.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return None
    origin = Origin(platform=error.platform, action=error.action, effect=False, status=error.status)
    message = _("The site takes no file as large as {name} ({size} bytes).")
    return origin.error(
        Rejected,
        message.format(name=path.name, size=path.stat().st_size),
        advice=_("Save the file smaller, or ask the site's owner to raise the upload limit."),
    )


def _pages(answer: Answer) -> int:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    told = headers.get("x-wp-totalpages", "")
    return int(told) if told.isdigit() else 1


def _posts(answer: Answer) -> list[WpPost]:
    if not isinstance(answer.json, list):
        raise answer.origin.broken(_("The site's list of posts is no list."))
    listed = Fields(value={"posts": answer.json}, origin=answer.origin)
    return [_post(fields) for fields in listed.each("posts")]


def _post(fields: Fields) -> WpPost:
    return WpPost(
        id=fields.text("id"),
        slug=fields.text("slug"),
        status=fields.text("status", "publish"),
        link=fields.text("link", ""),
        published_at=_moment(fields),
        title=_rendered(fields, "title"),
        content=_rendered(fields, "content"),
    )


def _rendered(fields: Fields, name: str) -> str:
    return fields.fields(name).text("rendered", "") if name in fields else ""


def _moment(fields: Fields) -> datetime:
    """`date_gmt`, which says no zone and is UTC; `date` is the site's own zone."""
    text = fields.text("date_gmt")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        message = _('The site gives a time the program cannot read: "{text}".')
        raise fields.origin.broken(message.format(text=json.dumps(text)[:40])) from error
