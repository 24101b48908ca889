"""wechatpy's own third-party platform runs its flow against the simulator, over real HTTP.

wechatpy blocks, so it runs in a thread. Its crypto opens what the
simulator has sealed by its own reading of the documents.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from wechatpy.component import WeChatComponent
from wechatpy.exceptions import WeChatClientException

from tests.adapters.wechat.office import KEY, Office


class Client(WeChatComponent):  # type: ignore[misc]
    """The client, sent to the simulator instead of WeChat."""

    def __init__(self, url: str) -> None:
        self.API_BASE_URL = f"{url}/wechat/cgi-bin"
        self.PRE_AUTH_URL = f"{url}/wechat/cgi-bin/componentloginpage"
        super().__init__("wxoffice", "s3cret-of-wxoffice", "0ffice-token", KEY)

    def fetch_component_access_token(self) -> Any:
        return self._fetch_access_token(
            f"{self.API_BASE_URL}/component/api_component_token",
            {
                "component_appid": self.component_appid,
                "component_appsecret": self.component_appsecret,
                "component_verify_ticket": self.component_verify_ticket,
            },
        )

    def hear(self, call: dict[str, Any]) -> str:
        """What is in a call, "component_verify_ticket" kept."""
        query = call["query"]
        told = self.parse_message(
            call["body"], query["msg_signature"], query["timestamp"], query["nonce"]
        )
        return str(told.type)


@pytest.fixture
async def client(office: Office) -> Client:
    client = Client(office.url)
    for call in await office.calls("ticket"):
        assert await asyncio.to_thread(client.hear, call) == "component_verify_ticket"
    return client


async def authorised(office: Office, client: Client) -> str:
    """The code of a unit that was sent the client's own link."""
    link = await asyncio.to_thread(client.get_pre_auth_url, office.redirect)
    return (await office.scan(link))["auth_code"]


async def test_a_unit_authorises_and_is_listed(office: Office, client: Client) -> None:
    await office.component(events_url="http://127.0.0.1:9/nobody")
    code = await authorised(office, client)
    told = (await asyncio.to_thread(client.query_auth, code))["authorization_info"]
    assert told["authorizer_appid"] == "wx01"
    assert [one["funcscope_category"]["id"] for one in told["func_info"]] == [1, 7, 11]
    listed = await asyncio.to_thread(client.get_authorizer_list)
    assert listed["list"][0]["refresh_token"] == told["authorizer_refresh_token"]
    info = await asyncio.to_thread(client.get_authorizer_info, "wx01")
    assert info["authorizer_info"]["verify_type_info"] == {"id": 0}
    with pytest.raises(WeChatClientException) as raised:
        await asyncio.to_thread(client.query_auth, code)
    assert raised.value.errcode == 61009


async def test_a_stale_refresh_token_is_refused(office: Office, client: Client) -> None:
    await office.component(rotate=True, events_url="http://127.0.0.1:9/nobody")
    told = await asyncio.to_thread(client.query_auth, await authorised(office, client))
    first = told["authorization_info"]["authorizer_refresh_token"]
    fresh = await asyncio.to_thread(client.refresh_authorizer_token, "wx01", first)
    assert fresh["authorizer_refresh_token"] != first
    with pytest.raises(WeChatClientException) as raised:
        await asyncio.to_thread(client.refresh_authorizer_token, "wx01", first)
    assert raised.value.errcode == 61023


async def test_an_old_ticket_gives_no_token(office: Office, client: Client) -> None:
    await office.control("POST", "settings", {"wechat_event_copies": 0})
    await office.forward(timedelta(hours=13))
    with pytest.raises(WeChatClientException) as raised:
        await asyncio.to_thread(client.create_preauthcode)
    assert raised.value.errcode == 61005
