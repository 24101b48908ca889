"""Does a link lead where a platform shows its posts?

Only what surely belongs to another platform is refused: platforms have more names for their pages
than anybody has written down, and a person has looked at the page.
"""

from __future__ import annotations

from urllib.parse import urlsplit

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
