"""Understands a robot's address as its platform shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from yarl import URL

from bot.errors import UsageError
from bot.i18n import N_, _


class Kind(StrEnum):
    """Whose robot it is."""

    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


NAMES = {
    Kind.WECOM: N_("WeCom robot"),
    Kind.DINGTALK: N_("DingTalk robot"),
    Kind.FEISHU: N_("Feishu robot"),
}
# Where each platform answers, see the sources in docs/notifications.md.
OFFICIAL = {
    Kind.WECOM: "https://qyapi.weixin.qq.com",
    Kind.DINGTALK: "https://oapi.dingtalk.com",
    Kind.FEISHU: "https://open.feishu.cn",
}
_FEISHU_PATH = "/open-apis/bot/v2/hook/"
# Path and name of the part that is the robot's own; Feishu has it in the path.
_PATHS = {
    Kind.WECOM: ("/cgi-bin/webhook/send", "key"),
    Kind.DINGTALK: ("/robot/send", "access_token"),
}


@dataclass(frozen=True, kw_only=True)
class Robot:
    """A robot of one chat group. `repr` shows no secret."""

    kind: Kind
    token: str = field(repr=False)
    secret: str = field(default="", repr=False)  # signs each message; "" where that is not asked
    keyword: str = ""  # must stand in each message; "" where that is not asked

    def path(self) -> str:
        """Where its platform takes messages for it, without what DingTalk's signature adds."""
        if self.kind is Kind.FEISHU:
            return f"{_FEISHU_PATH}{self.token}"
        path, name = _PATHS[self.kind]
        return str(URL(path).with_query({name: self.token}))


def parse_robot(address: str, hosts: dict[Kind, str]) -> Robot | None:
    """The robot an address belongs to; None for an address of anything else.

    `hosts`: where the office reaches each platform; addresses there are understood as well as the
    official ones. Two parts may be added to what the platform shows: `secret=` (签名校验 or 加签)
    and `keyword=` (自定义关键词). Raises UsageError when the robot's own part is missing.
    """
    try:
        url = URL(address)
        kind = _kind(url, hosts)
    except ValueError:
        return None
    if kind is None:
        return None
    if kind is Kind.FEISHU:
        token = url.path.removeprefix(_FEISHU_PATH).strip("/") if _FEISHU_PATH in url.path else ""
    else:
        path, name = _PATHS[kind]
        token = url.query.get(name, "") if url.path.rstrip("/").endswith(path) else ""
    if not token:
        raise UsageError(
            _(
                "This is no complete address of a {kind}. Copy the whole webhook address from the "
                "robot's settings in the chat group."
            ).format(kind=_(NAMES[kind]))
        )
    return Robot(
        kind=kind,
        token=token,
        secret=url.query.get("secret", "").strip().replace(" ", "+"),  # as it was pasted
        keyword=url.query.get("keyword", "").strip(),
    )


def _kind(url: URL, hosts: dict[Kind, str]) -> Kind | None:
    if url.scheme not in {"http", "https"} or not url.host:
        return None
    for kind, official in OFFICIAL.items():
        if url.host == URL(official).host:
            return kind
    ours = [kind for kind, base in hosts.items() if url.origin() == URL(base).origin()]
    return next((kind for kind in ours if _belongs(kind, url.path)), None)


def _belongs(kind: Kind, path: str) -> bool:
    """True where one office's proxy stands for several platforms and this path is of this one."""
    own = _FEISHU_PATH if kind is Kind.FEISHU else _PATHS[kind][0]
    return own in path
