"""platform-mcp-hub: refresh, signature, name, counters and deletion on Kuaishou and bilibili.

Run by runner.py with the package in a folder of its own: `python hub.py FACTS`. The package reads
its own description of each platform; only the addresses are the simulator's here.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import httpx
from platform_mcp_hub import catalog
from platform_mcp_hub.adapter import Adapter
from platform_mcp_hub.http import Transport

ACCOUNTS: dict[str, dict[str, str]] = {
    "kuaishou": {
        "open_id": "f1foreign",
        "app_id": "ks9",
        "app_secret": "shh9",
        "access_token": "ChFforeign",
        "refresh_token": "ChJforeign",
        "name": "健康澜汀",
    },
    "bilibili": {
        "open_id": "o9foreign",
        "client_id": "b9",
        "client_secret": "shh9",
        "access_token": "foreign",
        "refresh_token": "foreign-refresh",
        "name": "健康澜汀",
    },
}


async def prepared(url: str, platform: str) -> str:
    """The id of a public video of the account, made by hand."""
    known = {"platform": platform, "account": "foreign"}
    async with httpx.AsyncClient(base_url=f"{url}/_sim/") as sim:
        await sim.post("accounts", json={"accounts": [{**known, **ACCOUNTS[platform]}]})
        await sim.post("settings", json={"kuaishou_info_lag_s": 0, "bilibili_view_lag_s": 0})
        made = await sim.post("console", json={**known, "text": "洗手七步"})
    return str(made.json()["ids"][0])


def client(url: str, platform: str) -> tuple[Any, Any]:
    """The package's client of a platform, sent to the simulator, and its transport."""
    file = catalog.catalog_dir() / "social" / f"{platform}.json"
    entry = json.loads(file.read_text(encoding="utf-8"))
    spec, base_url = entry["adapter"], f"{url}/{platform}"
    path = spec["auth"]["token_url"].removeprefix("https://").partition("/")[2]
    auth = {**spec["auth"], "token_url": f"{base_url}/{path}", "state_key": platform}
    fields = {field["name"] for field in spec["auth"]["fields"]}
    known = {name: value for name, value in ACCOUNTS[platform].items() if name in fields}
    transport = Transport(base_url, auth, known, 50, "foreign", envelope=spec["envelope"])
    transport.fixed_headers = spec.get("headers") or {}
    return Adapter({**entry, "adapter": {**spec, "base_url": base_url}}, transport), transport


async def flow(url: str, platform: str) -> None:
    """Refreshes the token, and then reads and deletes as the account."""
    video = await prepared(url, platform)
    adapter, transport = client(url, platform)
    told = json.dumps(await adapter.call("me", {}), ensure_ascii=False)
    assert "健康澜汀" in told, told
    counted = await adapter.call("analytics_post", {"post_id": video})
    assert "like" in json.dumps(counted), counted
    deleted = await adapter.call("delete", {"post_id": video})
    assert deleted["status"] == "deleted", deleted
    await transport.aclose()
    async with httpx.AsyncClient() as sim:
        seen = await sim.get(f"{url}/_sim/posts?platform={platform}&public=1")
    assert seen.json()["count"] == 0, seen.text


async def main(facts: Path) -> None:
    """All flows; an assertion that fails ends the script."""
    url = str(json.loads(facts.read_text(encoding="utf-8"))["url"])
    for platform in ACCOUNTS:
        await flow(url, platform)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
