"""wechatpy's API classes over our own calls: what their methods return here is to be awaited.

wechatpy's client blocks, fetches tokens on its own, and repeats a refused call for ever; only its
API classes are used, which know an endpoint's address and fields. See docs/adr/0015-wechatpy.md.
Nothing is published this way: a call may be repeated here, and its loss is `Unavailable`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from wechatpy.client.api import WeChatMaterial, WeChatMessage

from adapters.wechat.api import Api, File

Json = Mapping[str, Any]


class Library:
    """What a wechatpy API class expects of its client, as coroutines with our tokens and errors."""

    access_token = ""  # some methods hand it over themselves; ours is put in its place

    def __init__(self, api: Api) -> None:
        self._api = api
        self.material = WeChatMaterial(self)
        self.message = WeChatMessage(self)

    def get(self, url: str, **options: Any) -> Awaitable[Any]:
        """As wechatpy's client, awaited."""
        return self._call("GET", url, **options)

    def post(self, url: str, **options: Any) -> Awaitable[Any]:
        """As wechatpy's client, awaited; raises PlatformError instead of its exceptions."""
        return self._call("POST", url, **options)

    async def _call(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Json | None = None,
        files: Mapping[str, File] | None = None,
        api_base_url: str = "/cgi-bin/",
        result_processor: Callable[[Json], Any] | None = None,
    ) -> Any:
        given = {name: str(value) for name, value in (params or {}).items() if value is not None}
        given.pop("access_token", None)
        answer = await self._api.change(
            method,
            urlsplit(api_base_url).path + url,
            params=given,
            body=data,
            file=None if files is None else files["media"],
        )
        return answer.value if result_processor is None else result_processor(answer.value)
