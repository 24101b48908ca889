"""WordPress sites: who may write, posts, media, and slugs that must be unlike.

Sources: https://developer.wordpress.org/rest-api/reference/posts/, …/media/ and
https://developer.wordpress.org/rest-api/using-the-rest-api/authentication/ (read 2026-11-21).
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from bot.simulator.clock import CHINA
from bot.simulator.store import Core, Json, Post

INPUT: Final = ("platform", "account", "user", "password", "name", "role", "strips_authorization")
STATUSES: Final = ("publish", "future", "draft", "pending", "private")
UPLOAD_BYTES: Final = 64 * 1024 * 1024

#: What a role may do. https://wordpress.org/documentation/article/roles-and-capabilities/
ROLES: Final[dict[str, frozenset[str]]] = {
    "contributor": frozenset({"edit_posts"}),
    "author": frozenset(
        {
            *("edit_posts", "publish_posts", "upload_files"),
            *("edit_published_posts", "delete_published_posts"),
        }
    ),
    "editor": frozenset(
        {
            *("edit_posts", "publish_posts", "upload_files"),
            *("edit_published_posts", "delete_published_posts"),
            *("edit_others_posts", "delete_others_posts", "unfiltered_html"),
        }
    ),
}

#: Codes a site answers with, and their HTTP status. A fault's number is the place in this list.
ERRORS: Final[list[tuple[str, int]]] = [
    ("rest_not_logged_in", 401),
    ("incorrect_password", 401),
    ("invalid_username", 401),
    ("invalid_email", 401),
    ("rest_cannot_create", 401),
    ("rest_cannot_create", 403),
    ("rest_cannot_publish", 403),
    ("rest_cannot_edit", 403),
    ("rest_cannot_edit_others", 403),
    ("rest_cannot_assign_term", 403),
    ("rest_cannot_assign_sticky", 403),
    ("rest_forbidden_context", 403),
    ("application_passwords_disabled", 501),
    ("application_passwords_disabled_for_user", 501),
    ("rest_invalid_param", 400),
    ("rest_missing_callback_param", 400),
    ("rest_post_exists", 400),
    ("rest_upload_no_data", 400),
    ("rest_upload_no_content_type", 400),
    ("rest_upload_no_content_disposition", 400),
    ("rest_upload_invalid_disposition", 400),
    ("rest_upload_file_too_big", 400),
    ("rest_upload_limited_space", 400),
    ("rest_upload_user_quota_exceeded", 400),
    ("rest_no_route", 404),
    ("rest_post_invalid_id", 404),
    ("rest_already_trashed", 410),
    ("rest_upload_hash_mismatch", 412),
    ("db_insert_error", 500),
    ("rest_upload_sideload_error", 500),
    ("rest_upload_unknown_error", 500),
    ("rest_post_invalid_page_number", 400),
    ("rest_forbidden_context", 401),
]


class RestError(Exception):
    """An error body of the REST interface."""

    def __init__(self, code: str, status: int, text: str = "", **data: object) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.text = text or "抱歉，您不能这样做。"  # sites translate it; only the code is fixed
        self.data = data


@dataclass(kw_only=True)
class Entry:
    """A post of a site in any status, with its record for the world outside."""

    id: int
    slug: str
    status: str
    title: str
    content: str
    excerpt: str
    featured_media: int
    categories: list[int]
    tags: list[int]
    modified: float
    post: Post
    path: str = ""  # of its page, below the site's home


@dataclass(kw_only=True)
class Site:
    """One institution's site and the user our office was given on it."""

    platform: str
    account: str
    user: str
    password: str
    name: str = "官网"
    role: str = "editor"
    strips_authorization: bool = False  # Apache with CGI drops the header
    dead: bool = False  # the application password was revoked
    home: str = ""  # its address, as the last caller wrote it
    entries: dict[int, Entry] = field(default_factory=dict)
    media: dict[int, Json] = field(default_factory=dict)

    def may(self, capability: str) -> bool:
        """True when the user's role allows it."""
        return capability in ROLES.get(self.role, frozenset())

    def free_slug(self, wanted: str, but: int = 0) -> str:
        """The slug, with -2, -3 … when another post has it; WordPress says nothing about it."""
        taken = {e.slug for e in self.entries.values() if e.id != but}
        slug, number = wanted, 2
        while slug in taken:
            slug, number = f"{wanted}-{number}", number + 1
        return slug

    def public(self, now: float) -> list[Entry]:
        """What everybody may read, newest first."""
        shown = [e for e in self.entries.values() if e.post.public(now)]
        return sorted(shown, key=lambda e: (e.post.public_at or 0.0, e.id), reverse=True)


class WebsiteState:
    """All sites."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.sites: dict[str, Site] = {}

    def register(self, data: Json) -> None:
        """Adds a site or changes what is given of it."""
        known = self.sites.get(data["account"])
        if known is None:
            self.sites[data["account"]] = Site(**data)
            return
        for name, value in data.items():
            setattr(known, name, value)

    def add(self, site: Site, fields: Json, *, status: str, via: str, at: float) -> Entry:
        """A new post; public at `at` when its status is publish."""
        number = self.core.serial()
        slug = site.free_slug(slugified(str(fields.get("slug") or fields.get("title") or number)))
        post = Post(
            id=str(number),
            platform="website",
            account=site.account,
            url="",
            title="",
            text="",
            created_at=at,
            public_at=None,
            via=via,
            kind="article",
            push=str(number),
        )
        entry = Entry(
            id=number,
            slug=slug,
            status="draft",
            title="",
            content="",
            excerpt="",
            featured_media=0,
            categories=[1],
            tags=[],
            modified=at,
            post=post,
        )
        site.entries[number] = entry
        self.core.posts.add(post)
        self.change(site, entry, {**fields, "slug": slug, "status": status}, at=at)
        return entry

    def change(self, site: Site, entry: Entry, fields: Json, *, at: float) -> None:
        """Takes over the fields; a post that becomes public gets its time then."""
        for name in ("title", "content", "excerpt", "featured_media", "categories", "tags"):
            if name in fields:
                setattr(entry, name, fields[name])
        if not site.may("unfiltered_html"):
            entry.content = _FILTERED.sub("", entry.content)
        if "slug" in fields:
            entry.slug = site.free_slug(slugified(str(fields["slug"])), but=entry.id)
        if "status" in fields:
            entry.status = fields["status"]
        if entry.status == "publish" and entry.post.public_at is None:
            entry.post.public_at = at
        if entry.status != "publish":
            entry.post.public_at = None
        entry.modified = at
        entry.post.title, entry.post.text = entry.title, entry.content
        day = datetime.fromtimestamp(entry.post.public_at or at, CHINA)
        entry.path = f"/{day:%Y/%m}/{entry.slug}/"
        entry.post.url = site.home + entry.path

    def trash(self, entry: Entry) -> None:
        """To the trash: the slug becomes free, and `status=any` does not list it any more."""
        entry.status, entry.slug = "trash", f"{entry.slug}__trashed"
        self.core.posts.remove(entry.post, self.core.now())


# What users without `unfiltered_html` lose without a word.
_FILTERED = re.compile(r"(?is)<(script|style|iframe)\b.*?</\1\s*>|</?(script|style|iframe)\b[^>]*>")


def slugified(text: str) -> str:
    """A slug as WordPress makes it: lower case, letters, digits, - and _."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-") or "post"


def local(moment_s: float) -> str:
    """A time as `date` gives it: the site's own zone, without saying so."""
    return datetime.fromtimestamp(moment_s, CHINA).strftime("%Y-%m-%dT%H:%M:%S")


def gmt(moment_s: float) -> str:
    """A time as `date_gmt` gives it."""
    return datetime.fromtimestamp(moment_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")
