"""A push as WeChat takes it: one to eight articles, or one picture message (newspic).

Fields: https://developers.weixin.qq.com/doc/subscription/api/draftbox/draftmanage/api_draft_add
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from adapters.wechat import options
from adapters.wechat.render import AI_NOTICE, MARKER_NOTICE, pictures, render
from bot.domain.post import Article, Media, Variant

Json = dict[str, object]


def is_gallery(variant: Variant) -> bool:
    """True for a picture message: pictures with a short text, and no article."""
    return bool(variant.images) and not variant.body.strip()


def articles(variant: Variant) -> list[Variant]:
    """The push's articles, the post itself first, each as a variant without further ones.

    Label and 稿号 belong to the post, so the further ones carry neither.
    """
    return [replace(variant, more=()), *(_further(variant, article) for article in variant.more)]


def _further(variant: Variant, article: Article) -> Variant:
    return replace(
        variant,
        title=article.title,
        body=article.body,
        text="",
        cover=article.cover,
        digest=article.digest,
        author=article.author or variant.author,
        link=article.link,
        inline=article.inline,
        images=(),
        more=(),
        label="",
        marker="",
    )


def shown(article: Variant) -> list[Media]:
    """The pictures inside the article's text."""
    used = set(pictures(article.body))
    return [media for media in article.inline if media.path in used]


def materials(variant: Variant) -> list[Media]:
    """What goes into the account's library: the gallery's pictures, or each article's cover."""
    if is_gallery(variant):
        return list(variant.images)
    return [article.cover for article in articles(variant) if article.cover is not None]


def gallery_text(variant: Variant) -> str:
    """The text of a picture message, plain, with label, AI notice and 稿号."""
    parts = [variant.label, variant.text.strip()]
    if variant.ai_generated:
        parts.append(AI_NOTICE)
    if variant.marker and variant.marker not in variant.label + variant.text:
        parts.append(MARKER_NOTICE.format(marker=variant.marker))
    return "\n\n".join(part for part in parts if part)


def as_json(
    variant: Variant,
    urls: Mapping[str, str],
    media_ids: Sequence[str],
    defaults: Mapping[str, str],
) -> list[Json]:
    """What `draft/add` takes.

    `urls`: address of each picture in the texts by its sha256; `media_ids`: of `materials`, in
    their order; `defaults`: the account's options, unless the post has its own.
    """
    variant = replace(variant, options={**defaults, **variant.options})
    talk = options.comments(variant.options.get("comments", options.COMMENTS[0]))
    if is_gallery(variant):
        return [_gallery(variant, media_ids) | talk]
    covers = iter(media_ids)
    return [
        _article(article, urls, next(covers, "") if article.cover else "") | talk
        for article in articles(variant)
    ]


def _article(article: Variant, urls: Mapping[str, str], cover: str) -> Json:
    by_path = {media.path: urls[media.sha256] for media in shown(article)}
    return {
        "article_type": "news",
        "title": article.title,
        "author": article.author,
        "digest": article.digest,
        "content": render(article, by_path),
        "content_source_url": article.link,
        "thumb_media_id": cover,
        **dict(_crops(article)),
    }


def _crops(article: Variant) -> Iterator[tuple[str, str]]:
    for ratio, field in ((options.WIDE, "pic_crop_235_1"), (options.SQUARE, "pic_crop_1_1")):
        box = options.crop(article.options, article.cover, ratio)
        if box is not None:
            yield field, "_".join(box.numbers())


def _gallery(variant: Variant, media_ids: Sequence[str]) -> Json:
    article: Json = {
        "article_type": "newspic",
        "title": variant.title,
        "author": variant.author,
        "content": gallery_text(variant),
        "content_source_url": variant.link,
        "image_info": {"image_list": [{"image_media_id": media_id} for media_id in media_ids]},
    }
    crops = list(_percents(variant))
    return article | ({"cover_info": {"crop_percent_list": crops}} if crops else {})


def _percents(variant: Variant) -> Iterator[dict[str, str]]:
    for ratio in (options.WIDE, options.SQUARE):
        box = options.crop(variant.options, variant.images[0], ratio)
        if box is not None:
            corners = zip(("x1", "y1", "x2", "y2"), box.numbers(), strict=True)
            yield {"ratio": ratio.name, **dict(corners)}
