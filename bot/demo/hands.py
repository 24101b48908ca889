"""What people write by hand in the demo: copies of key items, and articles of their own."""

from __future__ import annotations

from bot.domain.plain import plain_text
from bot.domain.post import Post


def by_hand(post: Post, how: str, source: str) -> dict[str, str]:
    """A key item as a person copies it: with or without the source line."""
    paragraphs = plain_text(post.body).splitlines()
    if how != "no_source":
        paragraphs = [f"转载自：{source}", *paragraphs]
    content = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return {"title": post.title, "content": content}


def own(title: str, number: int) -> dict[str, str]:
    """A short article of a unit's own."""
    content = (
        f"<p>{title}。本期为今年第{number}期院内资讯，"
        "介绍近期门诊安排、便民措施和团队工作，欢迎居民关注。</p>"
    )
    return {"title": title, "content": content}
