"""Which links may be reported as published."""

from __future__ import annotations

import pytest

from bot.domain.public_links import is_wechat_article, link_in, of_site

WECHAT = "https://mp.weixin.qq.com"


@pytest.mark.parametrize(
    "path", ["/s/Ab-c_1", "/s?__biz=MzA=&mid=1&idx=1&sn=x", "/s/Ab-c_1?scene=1#wx"]
)
def test_an_article_of_wechat(path: str) -> None:
    assert is_wechat_article(WECHAT + path)


@pytest.mark.parametrize(
    "url",
    [
        *(WECHAT + path for path in ("", "/", "/s", "/s/", "/s?src=3&signature=x", "/s/a/b")),
        f"{WECHAT}/mp/appmsgalbum?__biz=MzA=&album_id=1",
        f"{WECHAT}/mp/profile_ext?action=home&__biz=MzA=&mid=1",
        "https://www.baidu.com/s/abc",
    ],
)
def test_what_is_no_article_of_wechat(url: str) -> None:
    assert not is_wechat_article(url)


def test_the_site_an_account_is_known_to_have() -> None:
    known = ["https://www.hospital.example/feed.xml"]
    for host in ("hospital.example", "m.hospital.example", "news.hospital.example"):
        assert of_site(f"https://{host}/a", known)
    assert of_site("https://hospital.example/a", ["https://news.hospital.example/1"])
    for host in ("www.baidu.com", "otherhospital.example"):
        assert not of_site(f"https://{host}/hospital.example", ["", *known, "https://["])
    assert of_site("https://www.baidu.com/x", ["", "no address"])


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("3.58 复制打开 https://weixin.qq.com/sph/Ab1 看看", "https://weixin.qq.com/sph/Ab1"),
        ("看https://v.douyin.com/x-1/，很好", "https://v.douyin.com/x-1/"),
        ("(https://b23.tv/x?a=1&b=2).", "https://b23.tv/x?a=1&b=2"),
        ("http://b23.tv/x", "http://b23.tv/x"),
        ("", ""),
    ],
)
def test_the_link_in_what_an_app_shares(text: str, link: str) -> None:
    assert link_in(text) == link
