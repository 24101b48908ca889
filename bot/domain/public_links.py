"""Does a link lead where a platform shows its posts?

Only what surely belongs to another platform, or surely is no article, is refused: platforms have
more names for their pages than anybody has written down, and a person has looked at the page.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import parse_qs, urlsplit

# Names their pages and share links are known by; the longest one that fits decides.
_HOSTS = {
    "mp.weixin.qq.com": "wechat",
    "channels.weixin.qq.com": "channels",
    "weixin.qq.com": "channels",  # share links weixin.qq.com/sph/…
    "weibo.com": "weibo",
    "weibo.cn": "weibo",
    "douyin.com": "douyin",
    "iesdouyin.com": "douyin",
    "kuaishou.com": "kuaishou",
    "gifshow.com": "kuaishou",
    "chenzhongtech.com": "kuaishou",
    "bilibili.com": "bilibili",
    "b23.tv": "bilibili",
    "toutiao.com": "toutiao",
    "toutiaocdn.com": "toutiao",
    "baijiahao.baidu.com": "baijiahao",
    "mbd.baidu.com": "baijiahao",
    "xiaohongshu.com": "xiaohongshu",
    "xhslink.com": "xiaohongshu",
    "zhihu.com": "zhihu",
    "xuexi.cn": "xuexi",
    "rmh.pdnews.cn": "renminhao",
    "thepaper.cn": "pengpai",
    "new.qq.com": "qiehao",
    "om.qq.com": "qiehao",
    "view.inews.qq.com": "qiehao",
}
# WeChat's articles have two forms of address: a short one, and a long one with the account, the
# push and the place in it. Albums, an account's list and its homepage are on the same host.
# https://developers.weixin.qq.com/doc/service/api/public/api_freepublish_batchget.html
_ARTICLES = "mp.weixin.qq.com"
_SHORT = re.compile(r"/s/[\w-]+/?")
_LINK = re.compile(r"https://[!-;=?-~]+", re.ASCII)  # up to a space, a sign of another script, < >
_TAIL = ".,;:!?)]}'\""  # of the sentence it stands in
_DOORS = ("www.", "m.", "wap.")  # names of one site's entrances
LONGEST = 2000  # characters; no platform's links come near it


def is_public(url: str) -> bool:
    """True for an address that a browser can open safely: https, a host, nothing hidden in it."""
    if not url.startswith("https://") or len(url) > LONGEST or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    # Somebody's name or password in a link is a trap, or a secret.
    return "." in host.strip(".") and "@" not in parts.netloc


def platform_of(url: str) -> str:
    """The platform a link surely belongs to; "" where it could be anybody's."""
    labels = (urlsplit(url).hostname or "").rstrip(".").split(".")
    for start in range(len(labels)):
        platform = _HOSTS.get(".".join(labels[start:]))
        if platform:
            return platform
    return ""


def link_in(text: str) -> str:
    """The first https link of what was pasted; the text as it is where there is none.

    Apps share a link with words around it: "3.58 复制打开抖音 https://v.douyin.com/x/ 看看".
    """
    found = _LINK.search(text)
    return found[0].rstrip(_TAIL) if found else text


def is_wechat_article(url: str) -> bool:
    """True for an address of one article of WeChat, short or long."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if (parts.hostname or "").rstrip(".") != _ARTICLES:
        return False
    if parts.path.rstrip("/") != "/s":
        return _SHORT.fullmatch(parts.path) is not None
    return {"__biz", "mid"} <= parse_qs(parts.query).keys()


def of_site(url: str, known: Collection[str]) -> bool:
    """Whether `url` is on one of the sites that the `known` addresses are on.

    Hosts below each other are one site. True where nothing is known.
    """
    sites = {site for one in known if (site := _site(one))}
    own = _site(url)
    return not sites or any(
        own == site or own.endswith(f".{site}") or site.endswith(f".{own}") for site in sites
    )


def _site(url: str) -> str:
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
    door = next((door for door in _DOORS if host.startswith(door)), "")
    return host.removeprefix(door)
