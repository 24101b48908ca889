"""Douyin's uploads, works and queries.

Sources: pages under https://open.douyin.com/platform/resource/docs/openapi/video-management/ and
https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/ (read 2026-11-21).
"""

from typing import Any, Final

from bot.simulator.clock import DAY_S, HOUR_S, day_number, day_start
from bot.simulator.douyin_state import (
    FRIENDS,
    IMAGES,
    PRIVATE,
    PUBLIC,
    REJECTED,
    VIDEO,
    Account,
    DouyinError,
    DouyinState,
    PartUpload,
    Work,
    shown_work,
    statistics,
)
from bot.simulator.store import Json, digest
from bot.simulator.wire import BadBody, Call, Part

MB: Final = 1024 * 1024
PART_MIN: Final = 5 * MB
WHOLE_MAX: Final = 4 * 1024 * MB
IMAGE_MAX: Final = 20 * MB
UPLOAD_LIFE_S: Final = 7_200
TICKET_LIFE_S: Final = 7_200
TEXT_MAX: Final = 1000  # UNVERIFIED: two products of 2026
IMAGES_MAX: Final = 30
_EXTERNAL_HOUR: Final = 10


def _bad(text: str) -> DouyinError:
    return DouyinError(28001007, text)


def _file(call: Call, name: str, kind: str) -> Part:
    """The part `name`, whose own Content-Type must be of `kind`."""
    try:
        parts = [p for p in call.parts if p.name == name]
    except BadBody as error:
        raise _bad("multipart body expected") from error
    if not parts or not parts[0].data:
        raise _bad(f"{name} is empty")
    if not parts[0].content_type.startswith(f"{kind}/"):
        raise _bad("unsupported content type")
    return parts[0]


def _is_video(data: memoryview) -> bool:
    head = bytes(data[:8])
    return head[4:8] == b"ftyp" or head[:4] == b"\x1a\x45\xdf\xa3"


def upload_video(state: DouyinState, account: Account, call: Call) -> Json:
    """A video_id for a whole file of at most 128 MB."""
    part = _file(call, "video", "video")
    if len(part.data) > state.core.settings.douyin_upload_mb * MB:
        raise DouyinError(2190005)
    if not _is_video(part.data):
        raise _bad("not a video file")
    return _new_video(state, account)


def _new_video(state: DouyinState, account: Account) -> Json:
    video_id = state.opaque("v0")
    account.videos.add(video_id)
    return {"video": {"video_id": video_id, "width": 720, "height": 1280}}


def init_parts(state: DouyinState, account: Account, call: Call) -> Json:
    """An upload_id, valid for two hours."""
    upload_id = state.opaque("up")
    expires_at = state.core.now() + UPLOAD_LIFE_S
    state.uploads[upload_id] = PartUpload(account=account.account, expires_at=expires_at)
    return {"upload_id": upload_id}


def _upload(state: DouyinState, account: Account, call: Call) -> PartUpload:
    upload = state.uploads.get(call.query.get("upload_id", ""))
    if upload is None or upload.account != account.account:
        raise _bad("upload_id is invalid")
    if upload.expires_at <= state.core.now():
        raise _bad("upload_id is expired")
    return upload


def upload_part(state: DouyinState, account: Account, call: Call) -> Json:
    """Keep one part; numbers start at 1, and a part sent again replaces the former."""
    upload = _upload(state, account, call)
    number = call.query.get("part_number", "")
    if not number.isdecimal() or int(number) < 1:
        raise _bad("part_number starts from 1")
    part = _file(call, "video", "video")
    upload.sizes[int(number)] = len(part.data)
    if int(number) == 1:
        upload.is_video = _is_video(part.data)
    return {}


def complete_parts(state: DouyinState, account: Account, call: Call) -> Json:
    """A video_id, once all parts are there: contiguous, each of 5 MB or more but the last."""
    upload = _upload(state, account, call)
    numbers = sorted(upload.sizes)
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise _bad("parts are missing")
    if any(upload.sizes[n] < PART_MIN for n in numbers[:-1]):
        raise _bad("a part is too small")
    if sum(upload.sizes.values()) > WHOLE_MAX:
        raise DouyinError(2190005)
    if not upload.is_video:
        raise _bad("not a video file")
    del state.uploads[call.query["upload_id"]]
    return _new_video(state, account)


def upload_image(state: DouyinState, account: Account, call: Call) -> Json:
    """An image_id for a cover or an image set."""
    part = _file(call, "image", "image")
    if len(part.data) > IMAGE_MAX:
        raise _bad("image is too large")
    image_id = state.opaque("img")
    account.images.add(image_id)
    return {"image": {"image_id": image_id, "width": 1080, "height": 1440}}


def create_video(state: DouyinState, account: Account, call: Call) -> Json:
    """Ids of a work that is accepted; only its author sees it until the review ends."""
    data = _json(call)
    video_id = data.get("video_id")
    if not video_id:
        raise _bad("video_id is required")
    if not isinstance(video_id, str) or video_id not in account.videos:
        # One upload makes one work; the code for a second one is not documented.
        raise DouyinError(2190007)
    text, verdict = _texts(data), _verdict(data)
    cover = data.get("custom_cover_image_url")
    if cover and str(cover) not in account.images:
        raise _bad("custom_cover_image_url is not an image_id")
    moment = data.get("cover_tsp", 0)
    if not isinstance(moment, int | float) or isinstance(moment, bool) or moment < 0:
        raise _bad("cover_tsp is not a number of seconds")
    work = _create(state, account, text, VIDEO, verdict)
    account.videos.discard(video_id)
    account.used_videos.add(video_id)
    return {"item_id": work.post.id, "video_id": work.video_id}


def create_image_text(state: DouyinState, account: Account, call: Call) -> Json:
    """Ids of an image set that is accepted."""
    data = _json(call)
    images = data.get("image_list")
    if not isinstance(images, list) or not 1 <= len(images) <= IMAGES_MAX:
        raise _bad("image_list takes 1 to 30 images")
    if any(str(image) not in account.images for image in images):
        raise _bad("image_id is invalid")
    work = _create(state, account, _texts(data), IMAGES, _verdict(data))
    return {"item_id": work.post.id, "video_id": work.video_id}


def _create(state: DouyinState, account: Account, text: str, kind: int, verdict: int) -> Work:
    state.spend_push(account)
    refused, seconds = state.review_fate(account)
    now = state.core.now()
    return state.add_work(
        account,
        text,
        media_type=kind,
        via="api",
        at=now,
        ready_at=now + seconds,
        verdict=REJECTED if refused else verdict,
    )


def _json(call: Call) -> Json:
    try:
        return call.json
    except BadBody as error:
        raise _bad("JSON body expected") from error


def _texts(data: Json) -> str:
    text = data.get("text", "")
    if not isinstance(text, str) or len(text) > TEXT_MAX:
        raise _bad("text is too long")
    if data.get("poi_id") and data.get("micro_app_id"):
        raise _bad("only one anchor is allowed")
    return text


def _verdict(data: Json) -> int:
    wanted = {"0": PUBLIC, "1": PRIVATE, "2": FRIENDS}.get(str(data.get("private_status", 0)))
    if wanted is None:
        raise _bad("private_status is invalid")
    return wanted


def video_list(state: DouyinState, account: Account, call: Call) -> Json:
    """The account's works, newest first, for apps that still own this call."""
    if not (state.core.settings.douyin_list or account.list):
        raise DouyinError(28001056)
    cursor, count = (_number(call, n, d) for n, d in (("cursor", 0), ("count", 20)))
    now = state.core.now()
    works = [w for w in reversed(account.works.values()) if w.post.removed_at is None]
    works = [w for w in works if w.post.created_at <= now]
    works.sort(key=lambda w: w.post.created_at, reverse=True)
    page = works[cursor : cursor + count]
    end = cursor + len(page)
    shown = [shown_work(state, w, full=True) for w in page]
    return {"list": shown, "cursor": end, "has_more": end < len(works)}


def _number(call: Call, name: str, default: int) -> int:
    given = call.query.get(name, str(default))
    if not given.isdecimal():
        raise _bad(f"{name} is invalid")
    return int(given)


def _asked(state: DouyinState, account: Account, call: Call, first: str) -> list[Work]:
    data = _json(call)
    second = "video_ids" if first == "item_ids" else "item_ids"
    name = first if data.get(first) else second
    ids: Any = data.get(name)
    if not isinstance(ids, list) or not ids:
        raise _bad("item_ids or video_ids is required")
    index = account.works if name == "item_ids" else account.by_video_id
    found = [index[str(i)] for i in ids if str(i) in index]
    return [w for w in found if w.post.removed_at is None]


def video_data(state: DouyinState, account: Account, call: Call) -> Json:
    """One's own works by id; item_ids win when both are sent."""
    works = _asked(state, account, call, "item_ids")
    return {"list": [shown_work(state, w, full=True) for w in works]}


def video_basic_info(state: DouyinState, account: Account, call: Call) -> Json:
    """One's own works by id without counters; video_ids win when both are sent."""
    works = _asked(state, account, call, "video_ids")
    return {"list": [shown_work(state, w, full=False) for w in works]}


def external_base(state: DouyinState, account: Account, call: Call) -> Json:
    """Counters of a work of the last 30 days; first numbers at 10:00 of the next day."""
    if call.query.get("date_type") not in ("7", "15", "30"):
        raise _bad("date_type is invalid")
    work = account.works.get(call.query.get("item_id", ""))
    if work is None or state.core.now() - work.post.created_at > 30 * DAY_S:
        raise _bad("item_id is invalid")
    born = day_number(work.post.created_at)
    ready = state.core.now() >= day_start(born + 1) + _EXTERNAL_HOUR * HOUR_S
    numbers = statistics(state, work) if ready else {}
    return {
        "result": {
            "total_play": numbers.get("play_count", 0),
            "total_like": numbers.get("digg_count", 0),
            "total_comment": numbers.get("comment_count", 0),
            "total_share": numbers.get("share_count", 0),
            "avg_play_duration": 3.2 if ready else 0.0,
        }
    }


def share_id(state: DouyinState, client_key: str, call: Call) -> Json:
    """A share_id, the key that ties an H5 share to its later work."""
    fresh = str(1_700_000_000_000_000 + state.core.serial())
    state.share_ids[fresh] = client_key
    return {"share_id": fresh}


def ticket(state: DouyinState, client_key: str, call: Call) -> Json:
    """A ticket to sign H5 shares with."""
    fresh = f"@{digest('ticket', state.core.serial())[:40]}=="
    state.tickets[fresh] = (client_key, state.core.now() + TICKET_LIFE_S)
    return {"ticket": fresh, "expires_in": TICKET_LIFE_S}


def get_share(state: DouyinState, client_key: str, call: Call) -> Json:
    """A short link that opens the app's publish page."""
    data = _json(call)
    if not any(data.get(f"{kind}_path") for kind in ("video", "image", "image_list")):
        raise DouyinError(28001007, "a path is required", shape="C")
    owner, end = state.tickets.get(str(data.get("client_ticket", "")), ("", 0.0))
    if owner != client_key or end <= state.core.now():
        raise DouyinError(28001007, "client_ticket is invalid", shape="C")
    if not isinstance(data.get("expire_at"), int) or data["expire_at"] <= state.core.now():
        raise DouyinError(28001007, "expire_at is invalid", shape="C")
    token = digest("schema", state.core.serial())[:20]
    link = f"snssdk1128://webview?url=https%3A%2F%2Fopen.douyin.com%2F{token}"
    state.short_links[link] = data
    return {"schema": link}
