"""Kuaishou's uploads, works and queries.

Sources: https://open.kuaishou.com/platform/openApi?menu=20 (publishing), ?menu=21 (deleting),
?menu=22 (queries), and their copies below https://apifox.com/apidoc/project-462993 (read
2026-11-21).
"""

import hashlib
from typing import Final

from bot.simulator.kuaishou_state import (
    BAD_PARAMETER,
    FAILED,
    MISSING,
    NOT_FOUND,
    NOT_UPLOADED,
    Account,
    KuaishouError,
    KuaishouState,
    Upload,
    Work,
    shown_work,
)
from bot.simulator.store import Json, digest
from bot.simulator.wire import BadBody, Call

MB: Final = 1024 * 1024
WHOLE_MAX: Final = 10 * MB
COVER_MAX: Final = 10 * MB
LIST_MAX: Final = 200


def _bad(text: str) -> KuaishouError:
    return KuaishouError(BAD_PARAMETER, text, name="invalid_parameter")


def start_upload(state: KuaishouState, account: Account, call: Call) -> Json:
    """An upload_token and the host that takes its bytes, which differs from ours."""
    token = f"Cg5{digest('upload', state.core.serial())[:40]}"
    host = call.headers.get("Host", "")
    # Another name of the same server: bytes sent to a host that was not given out are refused.
    given = state.core.settings.kuaishou_endpoint or host.replace("127.0.0.1", "localhost")
    state.uploads[token] = Upload(account=account.account, endpoint=given)
    return {"upload_token": token, "endpoint": given}


# ── the data plane: http://{endpoint}/api/upload…, no access_token ────────────────────────────────


def _upload(state: KuaishouState, call: Call) -> Upload:
    upload = state.uploads.get(call.query.get("upload_token", ""))
    if upload is None or upload.used:
        raise _bad("upload_token is invalid")
    if call.headers.get("Host", "") != upload.endpoint:
        raise _bad("this upload belongs to another endpoint")
    return upload


def _md5(data: memoryview) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _raw(call: Call) -> memoryview:
    if not call.content_type.startswith("video/"):
        raise _bad("Content-Type must be video/mp4")
    if not call.body:
        raise _bad("the body is empty")
    return memoryview(call.body)


def _is_video(data: memoryview) -> bool:
    head = bytes(data[:8])
    return head[4:8] == b"ftyp" or head[:4] == b"\x1a\x45\xdf\xa3"


def whole(state: KuaishouState, call: Call) -> Json:
    """Takes a small file as the raw body."""
    return _keep_whole(_upload(state, call), _raw(call))


def multipart(state: KuaishouState, call: Call) -> Json:
    """Takes a small file as the form field `file`."""
    upload = _upload(state, call)
    try:
        files = [part for part in call.parts if part.name == "file"]
    except BadBody as error:
        raise _bad("multipart body expected") from error
    if not files:
        raise _bad("file is required")
    return _keep_whole(upload, files[0].data)


def _keep_whole(upload: Upload, data: memoryview) -> Json:
    if len(data) > WHOLE_MAX:
        raise _bad("use fragments for a file this large")
    upload.sizes, upload.is_video, upload.whole = {0: len(data)}, _is_video(data), True
    return {}


def fragment(state: KuaishouState, call: Call) -> Json:
    """Keeps one fragment, counted from 0; one sent again replaces the former."""
    upload, data = _upload(state, call), _raw(call)
    if state.core.settings.kuaishou_short_fragment:
        data = data[:-1]
    number = call.query.get("fragment_id", "")
    if not number.isdecimal():
        raise _bad("fragment_id is invalid")
    upload.sizes[int(number)] = len(data)
    if int(number) == 0:
        upload.is_video = _is_video(data)
    return {"checksum": _md5(data), "size": len(data)}


def resume(state: KuaishouState, call: Call) -> Json:
    """Which fragments are there; the names of these fields are not certain."""
    numbers = sorted(_upload(state, call).sizes)
    return {"existed": bool(numbers), "fragment_index": numbers[-1] if numbers else -1}


def complete(state: KuaishouState, call: Call) -> Json:
    """Joins the fragments, once all of 0 to count - 1 are there."""
    upload = _upload(state, call)
    count = call.query.get("fragment_count", "")
    if not count.isdecimal() or int(count) < 1:
        raise _bad("fragment_count is invalid")
    if sorted(upload.sizes) != list(range(int(count))):
        raise KuaishouError(NOT_UPLOADED, "fragments are missing")
    upload.whole = True
    return {}


# ── publishing ────────────────────────────────────────────────────────────────────────────────────


def publish(state: KuaishouState, account: Account, call: Call) -> Json:
    """Makes a work of an upload; it is public once the review is over."""
    upload = state.uploads.get(call.query.get("upload_token", ""))
    if upload is None or upload.account != account.account or not upload.whole or upload.used:
        raise KuaishouError(NOT_UPLOADED, "VIDEO_NOT_UPLOADED")
    caption = _publish_form(call)
    if not upload.is_video:
        raise KuaishouError(FAILED, "PUBLISH_FAILED")
    upload.used = True
    refused, seconds = state.review_fate(account)
    now = state.core.now()
    work = state.add_work(
        account, caption, via="api", at=now, ready_at=now + seconds, refused=refused
    )
    return {"video_info": shown_work(state, work)}


def _publish_form(call: Call) -> str:
    """The caption, once the form has all it needs."""
    try:
        parts, form = call.parts, call.form
    except BadBody as error:
        raise _bad("multipart/form-data expected") from error
    covers = [part for part in parts if part.name == "cover" and part.filename is not None]
    if not covers or not covers[0].data:
        raise _bad("cover is required")
    if len(covers[0].data) > COVER_MAX or not covers[0].content_type.startswith("image/"):
        raise _bad("cover must be an image below 10 MB")
    if not form.get("caption"):
        raise _bad("caption is required")
    return form["caption"]


# ── queries and deleting ──────────────────────────────────────────────────────────────────────────


def _standing(state: KuaishouState, account: Account) -> list[Work]:
    now, stay = state.core.now(), state.core.settings.kuaishou_refused_stay
    newest_first = reversed(account.works.values())
    works = [w for w in newest_first if not w.gone(now, refused_stay=stay)]
    works = [w for w in works if w.post.created_at <= now]
    return sorted(works, key=lambda w: w.post.created_at, reverse=True)


def photo_list(state: KuaishouState, account: Account, call: Call) -> Json:
    """The account's works, newest first; `cursor` is the last photo_id of the page before."""
    works, cursor = _standing(state, account), call.query.get("cursor", "")
    count = call.query.get("count", "20")
    if not count.isdecimal() or not 1 <= int(count) <= LIST_MAX:
        raise _bad("count must be 1 to 200")
    ids = [work.post.id for work in works]
    if cursor and cursor not in ids:
        raise _bad("cursor is invalid")
    start = ids.index(cursor) + 1 if cursor else 0
    return {"video_list": [shown_work(state, w) for w in works[start : start + int(count)]]}


def _asked(state: KuaishouState, account: Account, photo_id: str) -> Work:
    if not photo_id:
        raise KuaishouError(MISSING, "photo_id is required")
    found = [work for work in _standing(state, account) if work.post.id == photo_id]
    if not found:
        raise KuaishouError(NOT_FOUND, "VIDEO_NOT_EXIST", name="video_not_exist")
    return found[0]


def photo_info(state: KuaishouState, account: Account, call: Call) -> Json:
    """One work; right after publishing it is not known yet."""
    work = _asked(state, account, call.query.get("photo_id", ""))
    if state.core.now() - work.post.created_at < state.core.settings.kuaishou_info_lag_s:
        raise KuaishouError(NOT_FOUND, "VIDEO_NOT_EXIST", name="video_not_exist")
    return {"video_info": shown_work(state, work)}


def photo_count(state: KuaishouState, account: Account, call: Call) -> Json:
    """How many works there are; the names of these fields are not certain."""
    works = _standing(state, account)
    public = sum(work.post.public(state.core.now()) for work in works)
    return {
        "public_count": public,
        "friend_count": 0,
        "private_count": 0,
        "all_count": len(works),
    }


def photo_delete(state: KuaishouState, account: Account, call: Call) -> Json:
    """Takes a work down for good."""
    work = _asked(state, account, call.query.get("photo_id") or _form_field(call, "photo_id"))
    state.core.posts.remove(work.post, state.core.now())
    return {}


def _form_field(call: Call, name: str) -> str:
    try:
        return call.form.get(name, "")
    except BadBody:
        return ""


def user_info(state: KuaishouState, account: Account, call: Call) -> Json:
    """What everybody may see of the account."""
    return {
        "user_info": {
            "name": account.name,
            "sex": "F",
            "fan": 1200,
            "follow": 30,
            "head": "https://ali.a.kwimgs.example/head.jpg",
            "bigHead": "https://ali.a.kwimgs.example/big.jpg",
            "city": "",
        }
    }
