"""WeChat's images, permanent material and drafts.

`D` in source notes stands for https://developers.weixin.qq.com/doc (read 2026-11-21).
"""

import re
from typing import Any, Final, TypeVar

from bot.simulator.store import Json, digest
from bot.simulator.text import clean_html, host_of, plain
from bot.simulator.wechat_state import Account, Draft, Media, WechatError, WechatState
from bot.simulator.wire import BadBody, Call, Part

T = TypeVar("T")
MB: Final = 1024 * 1024
TITLE_MAX, AUTHOR_MAX, DIGEST_MAX, CONTENT_MAX, ARTICLES_MAX = 32, 16, 120, 20_000, 8
SOURCE_URL_MAX: Final = 1024
GALLERY_MAX: Final = 20
GALLERY_TEXT_MAX: Final = 1000  # UNVERIFIED: the pages only say that too much is 45166
_RATIOS: Final = ("1_1", "16_9", "2.35_1")

# type: (largest size in bytes, code when larger, extensions)
_MATERIAL: Final[dict[str, tuple[int, int, frozenset[str]]]] = {
    "image": (10 * MB, 40009, frozenset({"bmp", "png", "jpeg", "jpg", "gif"})),
    "voice": (2 * MB, 40010, frozenset({"mp3", "wma", "wav", "amr"})),
    "video": (10 * MB, 40011, frozenset({"mp4"})),
    "thumb": (64 * 1024, 40012, frozenset({"jpg", "jpeg"})),
}
_LIBRARY_MAX: Final = {"image": 100_000, "voice": 1000, "video": 1000, "thumb": 1000}
_TEXT_LIMITS: Final = (
    ("title", TITLE_MAX, 45003),
    ("author", AUTHOR_MAX, 45110),
    ("digest", DIGEST_MAX, 45004),
)
_CROP = re.compile(r"(0|1|0?\.\d{1,6}|1\.0{1,6})(_(0|1|0?\.\d{1,6}|1\.0{1,6})){3}")


def file_kind(data: memoryview) -> str:
    """The kind of a file by its first bytes; empty when it is none we know."""
    head = bytes(data[:12])
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if head[4:8] == b"ftyp":
        return "mp4"
    return "bmp" if head.startswith(b"BM") else ""


def _uploaded(call: Call) -> Part:
    # WeChat's parser knows no RFC 2231 names and no chunked bodies: both lose the file.
    # https://github.com/wechatpy/wechatpy/issues/293
    if call.headers.get("Transfer-Encoding", "").lower() == "chunked":
        raise WechatError(41005)
    try:
        parts = call.parts
    except BadBody as error:
        raise WechatError(41005) from error
    # Whether it reads names in plain UTF-8 is UNVERIFIED, so they are lost here as well.
    found = [p for p in parts if p.name == "media" and p.filename and not p.extended]
    if not found or not (found[0].filename or "").isascii():
        raise WechatError(41005)
    if not found[0].data:
        raise WechatError(44001)
    return found[0]


def uploadimg(state: WechatState, account: Account, call: Call) -> Json:
    """A URL for an image inside an article: jpg or png below 1 MB.

    D/subscription/api/material/permanent/api_uploadimage
    """
    part = _uploaded(call)
    kind = file_kind(part.data)
    if kind not in ("jpg", "png"):
        raise WechatError(40005)
    if len(part.data) >= MB:
        raise WechatError(40009)
    name = digest(account.appid, state.core.serial())[:48]
    return {"url": f"http://mmbiz.qpic.cn/sz_mmbiz_{kind}/{name}/0"}


def add_material(state: WechatState, account: Account, call: Call) -> Json:
    """A permanent media_id, for images with a URL.

    D/subscription/api/material/permanent/api_addmaterial
    """
    kind = call.query.get("type", "")
    if kind not in _MATERIAL:
        raise WechatError(40004)
    part = _uploaded(call)
    _check_file(kind, part)
    if kind == "video":
        _check_description(call)
    if sum(m.type == kind for m in account.media.values()) >= _LIBRARY_MAX[kind]:
        raise WechatError(45034)
    media = _kept(state, account, kind, part)
    return {"media_id": media.media_id, **({"url": media.url} if kind == "image" else {})}


def _check_file(kind: str, part: Part) -> None:
    largest, too_large, extensions = _MATERIAL[kind]
    extension = (part.filename or "").rpartition(".")[2].lower()
    if extension not in extensions:
        raise WechatError(40113)
    if len(part.data) > largest:
        raise WechatError(too_large)
    real = file_kind(part.data)
    if kind != "voice" and real not in extensions:
        raise WechatError(40005)


def _check_description(call: Call) -> None:
    described = [bytes(p.data) for p in call.parts if p.name == "description"]
    if not described or b"title" not in described[0]:
        raise WechatError(40035)


def _kept(state: WechatState, account: Account, kind: str, part: Part) -> Media:
    serial = state.core.serial()
    media = Media(
        media_id=digest("media", account.appid, serial)[:43],
        type=kind,
        name=part.filename or "",
        update_time=state.core.now(),
        url=f"http://mmbiz.qpic.cn/mmbiz_{kind}/{digest('url', serial)[:40]}/0?wx_fmt=jpeg",
    )
    account.media[media.media_id] = media
    return media


def batchget_material(state: WechatState, account: Account, call: Call) -> Json:
    """A page of the library, newest first.

    D/subscription/api/material/permanent/api_batchgetmaterial
    """
    kind = call.json.get("type")
    if kind not in (*_MATERIAL, "news"):
        raise WechatError(40004)
    all_of_it = [m for m in reversed(account.media.values()) if m.type == kind]
    page = page_of(call, all_of_it)
    items = [
        {
            "media_id": m.media_id,
            "name": m.name,
            "update_time": int(m.update_time),
            "url": m.url,
        }
        for m in page
    ]
    return {"total_count": len(all_of_it), "item_count": len(items), "item": items}


def material_count(state: WechatState, account: Account, call: Call) -> Json:
    """How much the library holds.

    D/subscription/api/material/permanent/api_getmaterialcount
    """
    kinds = [media.type for media in account.media.values()]
    counts = {f"{kind}_count": kinds.count(kind) for kind in ("voice", "video", "image")}
    return counts | {"news_count": 0}


def add_news(state: WechatState, account: Account, call: Call) -> Json:
    """The old articles in the library: withdrawn, drafts took their place."""
    raise WechatError(45106)


def del_material(state: WechatState, account: Account, call: Call) -> Json:
    """Take something out of the library; 40007 when it is not there.

    D/subscription/api/material/permanent/api_delmaterial
    """
    if account.media.pop(str(call.json.get("media_id")), None) is None:
        raise WechatError(40007)
    return {}


def page_of(call: Call, everything: list[T]) -> list[T]:
    """The page that `offset` and `count` (1 to 20) ask for; 40097 when they are wrong."""
    offset, count = call.json.get("offset"), call.json.get("count")
    if not isinstance(offset, int) or not isinstance(count, int):
        raise WechatError(40097)
    if offset < 0 or not 1 <= count <= 20:
        raise WechatError(40097)
    return everything[offset : offset + count]


def draft_add(state: WechatState, account: Account, call: Call) -> Json:
    """A new draft's media_id, without an errcode.

    D/subscription/api/draftbox/draftmanage/api_draft_add
    """
    articles = call.json.get("articles")
    if not isinstance(articles, list) or not articles:
        raise WechatError(44003)
    if len(articles) > ARTICLES_MAX:
        raise WechatError(45008)
    stored = [stored_article(account, a, single=len(articles) == 1) for a in articles]
    media_id = digest("draft", account.appid, state.core.serial())[:64]
    account.drafts[media_id] = Draft(
        media_id=media_id, articles=stored, update_time=state.core.now()
    )
    return {"media_id": media_id}


def stored_article(account: Account, article: Any, *, single: bool) -> Json:
    """The article as it is kept, after all checks of the document."""
    if not isinstance(article, dict):
        raise WechatError(47001)
    _check_texts(article)
    kind = article.get("article_type", "news")
    if kind not in ("news", "newspic"):
        raise WechatError(40035)
    _check_pictures(account, article, kind)
    if article.get("need_open_comment") and not account.comments:
        raise WechatError(88000)
    content = article["content"]
    kept = dict(article, article_type=kind)
    kept["content"] = clean_html(content) if kind == "news" else content
    # The digest field only counts for a single article; the default is the text's beginning.
    if not (single and article.get("digest")):
        kept["digest"] = plain(kept["content"])[:54]
    return kept


def _check_texts(article: Json) -> None:
    for name, longest, code in _TEXT_LIMITS:
        value = article.get(name) or ""
        if not isinstance(value, str):
            raise WechatError(47001)
        if len(value) > longest:
            raise WechatError(code)
    content = article.get("content")
    if not article.get("title"):
        raise WechatError(45003)
    if not isinstance(content, str) or not content.strip():
        raise WechatError(44004)
    if len(content) >= CONTENT_MAX or len(content.encode()) >= MB:
        raise WechatError(45002)
    _check_source(article.get("content_source_url") or "")


def _check_source(url: Any) -> None:
    if url == "":
        return
    bad = not isinstance(url, str) or len(url.encode()) > SOURCE_URL_MAX
    if bad or not url.startswith(("http://", "https://")) or not host_of(url):
        raise WechatError(41039)


def _check_pictures(account: Account, article: Json, kind: str) -> None:
    for crop in ("pic_crop_235_1", "pic_crop_1_1"):
        if article.get(crop) and not _CROP.fullmatch(str(article[crop])):
            raise WechatError(53402)
    if kind == "news":
        _image(account, article.get("thumb_media_id"))
        return
    for image in _gallery(article):
        _image(account, image.get("image_media_id") if isinstance(image, dict) else None)
    content = article["content"]
    if "<a " in content or "http" in content or len(content) > GALLERY_TEXT_MAX:
        raise WechatError(45166)
    _check_crops(article.get("cover_info"))


def _gallery(article: Json) -> list[Any]:
    info = article.get("image_info")
    images = info.get("image_list") if isinstance(info, dict) else None
    if not isinstance(images, list) or not 1 <= len(images) <= GALLERY_MAX:
        raise WechatError(40229)
    return images


def _check_crops(info: Any) -> None:
    if info is None:
        return
    crops = info.get("crop_percent_list") if isinstance(info, dict) else None
    if not isinstance(crops, list):
        raise WechatError(53402)
    for crop in crops:
        given = crop if isinstance(crop, dict) else {}
        corners = [given.get(name) for name in ("x1", "y1", "x2", "y2")]
        texts = [corner for corner in corners if isinstance(corner, str)]  # the page wants strings
        whole = len(texts) == len(corners) and _CROP.fullmatch("_".join(texts))
        if not whole or given.get("ratio") not in _RATIOS:
            raise WechatError(53402)


def _image(account: Account, media_id: Any) -> Media:
    media = account.media.get(str(media_id))
    if media is None or media.type not in ("image", "thumb"):
        raise WechatError(40007)
    return media


def shown_article(account: Account, article: Json, url: str, *, with_content: bool) -> Json:
    """The article as the listing calls show it."""
    media = account.media.get(str(article.get("thumb_media_id")))
    shown: Json = {
        "title": article.get("title", ""),
        "author": article.get("author", ""),
        "digest": article.get("digest", ""),
        "content_source_url": article.get("content_source_url") or "",
        "thumb_media_id": article.get("thumb_media_id", ""),
        "thumb_url": media.url if media else "",
        "show_cover_pic": 0,
        "need_open_comment": int(bool(article.get("need_open_comment"))),
        "only_fans_can_comment": int(bool(article.get("only_fans_can_comment"))),
        "url": url,
    }
    if article.get("article_type") == "newspic":
        shown |= {"article_type": "newspic", "image_info": article["image_info"]}
    if with_content:
        shown["content"] = article.get("content", "")
    return shown


def _shown_draft(account: Account, draft: Draft, *, with_content: bool) -> list[Json]:
    preview = f"http://mp.weixin.qq.com/s?tempkey={digest('preview', draft.media_id)[:40]}"
    return [shown_article(account, a, preview, with_content=with_content) for a in draft.articles]


def draft_get(state: WechatState, account: Account, call: Call) -> Json:
    """The draft's articles. D/subscription/api/draftbox/draftmanage/api_getdraft"""
    draft = state.draft(account, call.json.get("media_id"))
    return {"news_item": _shown_draft(account, draft, with_content=True)}


def draft_batchget(state: WechatState, account: Account, call: Call) -> Json:
    """A page of drafts, newest first. D/subscription/api/draftbox/draftmanage/api_draft_batchget"""
    drafts = sorted(state.live_drafts(account).values(), key=lambda d: d.update_time, reverse=True)
    full = not call.json.get("no_content")
    items = [
        {
            "media_id": draft.media_id,
            "content": {"news_item": _shown_draft(account, draft, with_content=full)},
            "update_time": int(draft.update_time),
        }
        for draft in page_of(call, drafts)
    ]
    return {"total_count": len(drafts), "item_count": len(items), "item": items}


def draft_update(state: WechatState, account: Account, call: Call) -> Json:
    """Replace one article; `index` counts from 0 and `articles` is one object.

    D/subscription/api/draftbox/draftmanage/api_draft_update
    """
    draft = state.draft(account, call.json.get("media_id"))
    index, article = call.json.get("index"), call.json.get("articles")
    if not isinstance(index, int) or not 0 <= index < len(draft.articles):
        raise WechatError(40114)
    single = len(draft.articles) == 1
    draft.articles[index] = stored_article(account, article, single=single)
    draft.update_time = state.core.now()
    return {}


def draft_delete(state: WechatState, account: Account, call: Call) -> Json:
    """Remove a draft for good. D/subscription/api/draftbox/draftmanage/api_draft_delete"""
    draft = state.draft(account, call.json.get("media_id"))
    del account.drafts[draft.media_id]
    return {}


def draft_count(state: WechatState, account: Account, call: Call) -> Json:
    """How many drafts there are. D/subscription/api/draftbox/draftmanage/api_draft_count"""
    return {"total_count": len(state.live_drafts(account))}
