"""bilibili's uploads, submissions and queries.

Sources: https://open.bilibili.com/doc/4/ (服务端视频稿件投递), copies
https://apifox.com/apidoc/docs-site/1106400 (api-23693239 init, api-23701336 part, api-23706538
submit, api-23723558 view, api-23727647 viewlist, api-23908635 stat; read 2026-11-21).
"""

import io
from collections.abc import Callable
from typing import Any, Final

from PIL import Image, UnidentifiedImageError

from bot.simulator.bilibili_state import (
    BAD_TITLE,
    BAD_TYPE,
    BAD_UPLOAD,
    DELETED,
    FILE_TYPE,
    LEAVES,
    PARAMETER,
    PROCESSING,
    PUBLIC,
    SAME_TITLE,
    TYPES,
    UNKNOWN,
    WAITING,
    Account,
    Archive,
    BilibiliError,
    BilibiliState,
    Upload,
    shown,
    statistics,
)
from bot.simulator.store import Json, digest
from bot.simulator.wire import BadBody, Call

MB: Final = 1024 * 1024
SMALL_MAX: Final = 100 * MB
COVER_MAX: Final = 5 * MB
COVER_LEAST: Final = (960, 600)
TITLE_MAX, DESC_MAX, TAG_MAX = 79, 249, 199
LIST_MAX: Final = 50
_EXTENSIONS: Final = (".mp4", ".flv", ".avi", ".mkv", ".mov", ".webm")


def _bad(text: str) -> BilibiliError:
    return BilibiliError(PARAMETER, text)


def _json(call: Call) -> Json:
    try:
        return call.json
    except BadBody as error:
        raise _bad("JSON body expected") from error


# ── uploading ─────────────────────────────────────────────────────────────────────────────────────


def video_init(state: BilibiliState, account: Account, call: Call) -> Any:
    """An upload_token; utype 0 takes parts, 1 one small file."""
    data = _json(call)
    name, utype = data.get("name"), str(data.get("utype", "0"))
    if not isinstance(name, str) or not name.lower().endswith(_EXTENSIONS):
        raise BilibiliError(FILE_TYPE, "文件类型错误")
    if utype not in ("0", "1"):
        raise _bad("utype must be 0 or 1")
    token = digest("upload", state.core.serial())[:32]
    state.uploads[token] = Upload(account=account.account, small=utype == "1")
    return {"upload_token": token}


def _upload(state: BilibiliState, call: Call, *, small: bool) -> Upload:
    upload = state.uploads.get(call.query.get("upload_token", ""))
    if upload is None or upload.used or upload.small is not small:
        raise BilibiliError(BAD_UPLOAD, "upload_token 验证错误")
    return upload


def part(state: BilibiliState, call: Call) -> Any:
    """Keeps one part, counted from 1; one sent again replaces the former."""
    upload = _upload(state, call, small=False)
    number = call.query.get("part_number", "")
    if not number.isdecimal() or int(number) < 1:
        raise _bad("part_number starts from 1")
    if not call.body:
        raise _bad("the part is empty")
    upload.sizes[int(number)] = len(call.body)
    return None


def small_file(state: BilibiliState, call: Call) -> Any:
    """Takes a small file; nothing completes it."""
    upload = _upload(state, call, small=True)
    if not 0 < len(call.body) <= SMALL_MAX:
        raise _bad("a small file has 1 byte to 100 MB")
    upload.sizes, upload.whole = {1: len(call.body)}, True
    return None


def complete(state: BilibiliState, call: Call) -> Any:
    """Joins the parts, once none of them is missing."""
    upload = _upload(state, call, small=False)
    numbers = sorted(upload.sizes)
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise _bad("parts are missing")
    upload.whole = True
    return None


def cover(state: BilibiliState, account: Account, call: Call) -> Any:
    """The address of a cover, JPEG or PNG of at least 960×600."""
    try:
        files = [p for p in call.parts if p.name == "file" and p.filename is not None]
    except BadBody as error:
        raise _bad("multipart body expected") from error
    if not files or not 0 < len(files[0].data) <= COVER_MAX:
        raise _bad("file has 1 byte to 5 MB")
    try:
        with Image.open(io.BytesIO(bytes(files[0].data))) as picture:
            kind, size = picture.format, picture.size
    except UnidentifiedImageError as error:
        raise BilibiliError(FILE_TYPE, "文件类型错误") from error
    if kind not in ("JPEG", "PNG"):
        raise BilibiliError(FILE_TYPE, "文件类型错误")
    if size[0] < COVER_LEAST[0] or size[1] < COVER_LEAST[1]:
        raise _bad("the cover must be at least 960x600")
    name = digest("cover", state.core.serial())[:40]
    url = f"https://archive.biliimg.com/bfs/archive/{name}.jpg"
    account.covers.add(url)
    return {"url": url}


def type_list(state: BilibiliState, account: Account, call: Call) -> Any:
    """Partitions as a tree."""
    return [
        {
            **_type(parent, 0, name),
            "children": [_type(tid, parent, leaf) for tid, leaf in children.items()],
        }
        for (parent, name), children in TYPES.items()
    ]


def _type(tid: int, parent: int, name: str) -> Json:
    return {"id": tid, "parent": parent, "name": name, "description": ""}


# ── submitting ────────────────────────────────────────────────────────────────────────────────────


def add(state: BilibiliState, account: Account, call: Call) -> Any:
    """Submits an upload for review; the same title is refused for a while."""
    data = _json(call)
    upload = state.uploads.get(call.query.get("upload_token", ""))
    if upload is None or upload.account != account.account or not upload.whole or upload.used:
        raise BilibiliError(BAD_UPLOAD, "upload_token 验证错误")
    fields = _submission(account, data)
    _check_title(state, account, fields["title"])
    state.spend_push(account)
    upload.used = True
    refused, seconds = state.review_fate(account)
    now = state.core.now()
    archive = state.add(account, fields, via="api", at=now, ready_at=now + seconds, refused=refused)
    return {"resource_id": archive.post.id}


def _submission(account: Account, data: Json) -> Json:
    """The fields, once all rules hold."""
    title, desc, tag = (data.get(name, "") for name in ("title", "desc", "tag"))
    if not isinstance(title, str) or not 1 <= len(title.strip()) <= TITLE_MAX:
        raise BilibiliError(BAD_TITLE, "标题不合法")
    if not isinstance(desc, str) or len(desc) > DESC_MAX:
        raise _bad("desc is too long")
    tags = tag.split(",") if isinstance(tag, str) else [""]
    if len(str(tag)) > TAG_MAX or not all(name.strip() for name in tags):
        raise _bad("tag needs one name or more, 199 characters at most")
    if data.get("tid") not in LEAVES:
        raise BilibiliError(BAD_TYPE, "该分区暂不可用")
    if data.get("copyright") not in (1, 2) or data.get("no_reprint", 0) not in (0, 1):
        raise _bad("copyright must be 1 or 2, no_reprint 0 or 1")
    if data["copyright"] == 2 and not data.get("source"):
        raise _bad("source is required for a repost")
    if data.get("cover") and data["cover"] not in account.covers:
        raise _bad("cover must come from cover/upload")
    known = ("title", "tid", "tag", "desc", "copyright", "no_reprint", "cover", "source")
    return {name: data[name] for name in known if name in data}


def _check_title(state: BilibiliState, account: Account, title: str) -> None:
    since = state.core.now() - state.core.settings.bilibili_title_s
    for archive in account.archives.values():
        if archive.post.title == title and archive.post.created_at > since:
            raise BilibiliError(SAME_TITLE, "短时间内标题不能相同")


def delete(state: BilibiliState, account: Account, call: Call) -> Any:
    """Takes a submission down for good."""
    archive = _asked(state, account, str(_json(call).get("resource_id", "")))
    state.core.posts.remove(archive.post, state.core.now())
    return None


# ── queries ───────────────────────────────────────────────────────────────────────────────────────


def _asked(state: BilibiliState, account: Account, resource_id: str) -> Archive:
    archive = account.archives.get(resource_id)
    if archive is None:
        raise BilibiliError(UNKNOWN, "不存在该稿件")
    if archive.post.removed_at is not None:
        raise BilibiliError(DELETED, "稿件已被删除")
    return archive


def view(state: BilibiliState, account: Account, call: Call) -> Any:
    """One submission; right after submitting it is still being processed."""
    archive = _asked(state, account, call.query.get("resource_id", ""))
    if state.core.now() - archive.post.created_at < state.core.settings.bilibili_view_lag_s:
        raise BilibiliError(PROCESSING, "稿件后台处理中，请10秒后再试")
    return shown(state, archive)


def viewlist(state: BilibiliState, account: Account, call: Call) -> Any:
    """The account's submissions, newest first."""
    number, size = (call.query.get(name, value) for name, value in (("pn", "1"), ("ps", "20")))
    if not number.isdecimal() or not size.isdecimal() or not 1 <= int(size) <= LIST_MAX:
        raise _bad("pn from 1, ps 1 to 50")
    chosen = call.query.get("status", "all") or "all"
    now = state.core.now()
    choices: dict[str, Callable[[int], bool]] = {
        "all": lambda s: True,
        "pubed": lambda s: s == PUBLIC,
        "is_pubing": lambda s: s == WAITING,
        "not_pubed": lambda s: s not in (PUBLIC, WAITING),
    }
    wanted = choices.get(chosen)
    if wanted is None:
        raise _bad("status is invalid")
    standing = [a for a in reversed(account.archives.values()) if a.post.removed_at is None]
    standing = [a for a in standing if a.post.created_at <= now and wanted(a.state(now))]
    standing.sort(key=lambda a: a.post.created_at, reverse=True)
    start = (int(number) - 1) * int(size)
    return {
        "page": {"pn": int(number), "ps": int(size), "total": len(standing)},
        "list": [shown(state, archive) for archive in standing[start : start + int(size)]],
    }


def stat(state: BilibiliState, account: Account, call: Call) -> Any:
    """Counters of one submission."""
    return statistics(state, _asked(state, account, call.query.get("resource_id", "")))


def account_info(state: BilibiliState, account: Account, call: Call) -> Any:
    """What everybody may see of the account."""
    face = "https://i0.hdslb.com/bfs/face/face.jpg"
    return {"name": account.name, "face": face, "openid": account.open_id}


def account_scopes(state: BilibiliState, account: Account, call: Call) -> Any:
    """What its owner allowed."""
    return {"openid": account.open_id, "scopes": account.scopes.split(",")}
