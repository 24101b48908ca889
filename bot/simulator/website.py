"""An institution's website on WordPress: its REST interface under /wp-json/ and its public pages.

Sources as in `website_state`; error bodies are `{"code","message","data":{"status"}}`.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, Final

from bot.simulator import website_pages as pages
from bot.simulator.clock import CHINA
from bot.simulator.store import Core, Json
from bot.simulator.website_state import (
    ERRORS,
    ROLES,
    STATUSES,
    UPLOAD_BYTES,
    Entry,
    RestError,
    Site,
    WebsiteState,
    gmt,
    local,
)
from bot.simulator.wire import Answer, BadBody, Call

PREFIX: Final = "/website"
_API: Final = re.compile(r"/wp-json(/.*)?$")
_POST: Final = re.compile(r"/wp/v2/posts/(\d+)$")
_PER_PAGE: Final = 10
_WRITES: Final = ("POST", "PUT", "PATCH")
_FILENAME: Final = re.compile(r'filename="?([^";]+)"?')


class Website:
    """All sites as the dispatcher sees them: the account's id is the first part of the path."""

    name: ClassVar[str] = "website"

    def __init__(self, core: Core) -> None:
        self.core = core
        self.state = WebsiteState(core)

    def identify(self, call: Call) -> str | None:
        """The account the site belongs to."""
        account = _split(call)[0]
        return account if account in self.state.sites else None

    def serve(self, call: Call) -> Answer:
        """Carry out one call."""
        account, path = _split(call)
        site = self.state.sites.get(account)
        if site is None:
            return pages.missing()
        site.home = f"http://{call.headers.get('Host')}{PREFIX}/{account}"
        route = call.query.get("rest_route", "")
        api = _API.match(path)
        if api is None and not route:
            return pages.serve(self.core, site, call, path)
        try:
            return _Rest(self.state, site, call).serve(route or (api and api.group(1)) or "/")
        except RestError as error:
            return _refusal(error)
        except BadBody:
            return _refusal(RestError("rest_invalid_json", 400))

    def refuse(self, code: int, call: Call) -> Answer:
        """The error with this place in `ERRORS`, counted from 1."""
        name, status = ERRORS[code - 1]
        return _refusal(RestError(name, status))

    def without_code(self, body: Any) -> Any:
        """Successes carry no code; a proxy may still lose a field nobody must need."""
        return {k: v for k, v in body.items() if k != "guid"} if isinstance(body, dict) else body


def _split(call: Call) -> tuple[str, str]:
    account, _, rest = call.path.removeprefix(f"{PREFIX}/").partition("/")
    return account, f"/{rest}"


def _refusal(error: RestError) -> Answer:
    data = {"status": error.status, **error.data}
    body = {"code": error.code, "message": error.text, "data": data}
    return Answer(body=body, status=error.status)


class _Rest:
    """One call of the REST interface."""

    def __init__(self, state: WebsiteState, site: Site, call: Call) -> None:
        self.state = state
        self.core = state.core
        self.site = site
        self.call = call
        self.user = self._authenticated()

    def _authenticated(self) -> bool:
        """True for the user, False for nobody; a wrong password is refused at once."""
        scheme, _, given = self.call.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic" or self.site.strips_authorization:
            return False
        try:
            user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        if user != self.site.user:
            raise RestError("invalid_username", 401)
        if self.site.dead or password.replace(" ", "") != self.site.password.replace(" ", ""):
            raise RestError("incorrect_password", 401)
        return True

    def serve(self, path: str) -> Answer:
        method = self.call.method
        if one := _POST.match(path):
            return self._one(method, int(one.group(1)))
        handlers: dict[tuple[str, str], Callable[[], Answer]] = {
            ("GET", "/"): self._index,
            ("GET", "/wp/v2/posts"): self._list,
            ("POST", "/wp/v2/posts"): self._create,
            ("POST", "/wp/v2/media"): self._upload,
            ("GET", "/wp/v2/users/me"): self._me,
        }
        handler = handlers.get((method, path))
        if handler is None:
            raise RestError("rest_no_route", 404)
        return handler()

    def _index(self) -> Answer:
        return Answer(body={"name": self.site.name, "namespaces": ["wp/v2"]})

    def _me(self) -> Answer:
        if not self.user:
            raise RestError("rest_not_logged_in", 401)
        body: Json = {"id": 7, "name": self.site.name, "slug": self.site.user}
        if self.call.query.get("context") == "edit":
            granted = dict.fromkeys(sorted(ROLES[self.site.role]), True)
            body |= {"username": self.site.user, "roles": [self.site.role], "capabilities": granted}
        return Answer(body=body)

    def _list(self) -> Answer:
        query = self.call.query
        if query.get("context") == "edit" and not self.user:
            raise RestError("rest_forbidden_context", 401)
        found = [e for e in self._of_status(query.get("status", "publish")) if self._wanted(e)]
        size = self._number("per_page", _PER_PAGE, 100)
        page, pages_ = self._number("page", 1, 10**6), max(1, -(-len(found) // size))
        if page > pages_:
            raise RestError("rest_post_invalid_page_number", 400)
        cut = found[(page - 1) * size : page * size]
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(-(-len(found) // size))}
        return Answer(body=[self._shown(e) for e in cut], headers=headers)

    def _of_status(self, wanted: str) -> list[Entry]:
        statuses = set(STATUSES) if wanted == "any" else set(wanted.split(","))
        if not statuses <= {*STATUSES, "trash"}:
            raise RestError("rest_invalid_param", 400, params={"status": "无效"})
        if statuses != {"publish"} and not self.user:
            raise RestError("rest_invalid_param", 400, params={"status": "状态被禁止。"})
        shown = [e for e in self.site.entries.values() if e.status in statuses]
        shown.sort(key=lambda e: (e.post.public_at or e.modified, e.id), reverse=True)
        return shown

    def _wanted(self, entry: Entry) -> bool:
        query = self.call.query
        if "slug" in query and entry.slug not in query["slug"].split(","):
            return False
        if "include" in query and str(entry.id) not in query["include"].split(","):
            return False
        after = query.get("after")
        return after is None or (entry.post.public_at or entry.modified) > _moment(after)

    def _number(self, name: str, default: int, most: int) -> int:
        given = self.call.query.get(name, str(default))
        if not given.isdigit() or not 1 <= int(given) <= most:
            raise RestError("rest_invalid_param", 400, params={name: "超出范围"})
        return int(given)

    def _one(self, method: str, number: int) -> Answer:
        entry = self.site.entries.get(number)
        if entry is None:
            raise RestError("rest_post_invalid_id", 404)
        if method == "GET":
            if entry.status != "publish" and not self.user:
                raise RestError("rest_forbidden", 401)
            return Answer(body=self._shown(entry))
        if method in _WRITES:
            return self._update(entry)
        if method == "DELETE":
            return self._delete(entry)
        raise RestError("rest_no_route", 404)

    def _update(self, entry: Entry) -> Answer:
        if not self.user:
            raise RestError("rest_cannot_edit", 401)
        if entry.status == "trash":
            raise RestError("rest_cannot_edit", 403)
        if entry.status == "publish" and not self.site.may("edit_published_posts"):
            raise RestError("rest_cannot_edit", 403)
        fields = self._fields()
        self.state.change(self.site, entry, fields, at=self.core.now())
        return Answer(body=self._shown(entry))

    def _delete(self, entry: Entry) -> Answer:
        if not self.user or not self.site.may("delete_published_posts"):
            raise RestError("rest_cannot_delete", 403 if self.user else 401)
        if entry.status == "trash":
            raise RestError("rest_already_trashed", 410)
        self.state.trash(entry)
        return Answer(body=self._shown(entry))

    def _create(self) -> Answer:
        if not self.user:
            raise RestError("rest_cannot_create", 401)
        fields = self._fields()
        if "id" in fields:
            raise RestError("rest_post_exists", 400)
        status = fields.pop("status", "draft")
        entry = self.state.add(self.site, fields, status=status, via="api", at=self.core.now())
        return Answer(body=self._shown(entry), status=201, headers={"Location": entry.post.url})

    def _fields(self) -> Json:
        """What the body sets, checked as WordPress checks it."""
        fields = {name: _raw(value) for name, value in self.call.json.items()}
        if fields.get("status", "draft") not in STATUSES:
            raise RestError("rest_invalid_param", 400, params={"status": "无效"})
        if fields.get("status") in ("publish", "future") and not self.site.may("publish_posts"):
            raise RestError("rest_cannot_publish", 403)
        for name in ("categories", "tags"):
            if not all(isinstance(i, int) for i in fields.get(name, [])):
                raise RestError("rest_invalid_param", 400, params={name: "不是整数"})
        featured = fields.get("featured_media", 0)
        if featured and featured not in self.site.media:
            raise RestError("rest_invalid_featured_media", 400)
        return fields

    def _upload(self) -> Answer:
        """Keep a file; the same file again is a second one."""
        if not self.user or not self.site.may("upload_files"):
            raise RestError("rest_cannot_create", 403 if self.user else 401)
        name, mime, data = self._file()
        if len(data) > self.core.limit("website", "upload_bytes", UPLOAD_BYTES):
            return pages.too_large()
        md5 = self.call.headers.get("Content-MD5")
        if md5 and md5 != hashlib.md5(data, usedforsecurity=False).hexdigest():
            raise RestError("rest_upload_hash_mismatch", 412)
        number = self.core.serial()
        shown = {
            "id": number,
            "source_url": f"{self.site.home}/wp-content/uploads/{number}-{name}",
            "media_type": mime.split("/")[0] if mime.startswith("image/") else "file",
            "mime_type": mime,
        }
        self.site.media[number] = shown
        return Answer(body=shown, status=201)

    def _file(self) -> tuple[str, str, bytes]:
        if self.call.content_type.startswith("multipart/"):
            # PHP knows no `filename*`: such a part is a field, not a file.
            files = [p for p in self.call.parts if p.name == "file" and p.filename]
            if not files:
                raise RestError("rest_upload_no_data", 400)
            return str(files[0].filename), files[0].content_type, bytes(files[0].data)
        if not self.call.body:
            raise RestError("rest_upload_no_data", 400)
        disposition = self.call.headers.get("Content-Disposition")
        if disposition is None:
            raise RestError("rest_upload_no_content_disposition", 400)
        named = _FILENAME.search(disposition)
        if named is None:
            raise RestError("rest_upload_invalid_disposition", 400)
        return named.group(1), self.call.content_type, self.call.body

    def _shown(self, entry: Entry) -> Json:
        at = entry.post.public_at or entry.modified
        home = self.site.home
        texts = {n: getattr(entry, n) for n in ("title", "content", "excerpt")}
        raw = self.call.query.get("context") == "edit" or self.call.method != "GET"
        return {
            "id": entry.id,
            "guid": {"rendered": f"{home}/?p={entry.id}"},
            "date": local(at),
            "date_gmt": gmt(at),
            "modified_gmt": gmt(entry.modified),
            "slug": entry.slug,
            "status": entry.status,
            "link": f"{home}{entry.path}",
            "featured_media": entry.featured_media,
            "categories": entry.categories,
            "tags": entry.tags,
            **{n: {"rendered": t} | ({"raw": t} if raw else {}) for n, t in texts.items()},
        }


def _raw(value: Any) -> Any:
    """Texts come plain or as {"raw": …}."""
    return value["raw"] if isinstance(value, dict) and "raw" in value else value


def _moment(text: str) -> float:
    """An ISO-8601 time; without an offset it is the site's own zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RestError("rest_invalid_param", 400, params={"after": "无效的日期"}) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).timestamp()
