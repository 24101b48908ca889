"""bilibili's signature, version 2.0: six headers joined and hashed with the app's secret.

https://github.com/bilibili-openplatform/SignatureAlgorithm_DotnetDemo (official, read 2026-11-21)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

PREFIX = "x-bili-"


@dataclass(frozen=True, kw_only=True)
class Key:
    """What signs the calls of one account."""

    client_id: str
    secret: str = field(repr=False)
    access_token: str = field(repr=False)


def signed(key: Key, body: bytes, *, now: datetime, nonce: str) -> dict[str, str]:
    """Headers of one call; `nonce` is used once only.

    `body` is what is sent as JSON, byte by byte; empty for GET, files and forms, which are not
    hashed.
    """
    headers = {
        f"{PREFIX}accesskeyid": key.client_id,
        f"{PREFIX}content-md5": md5(body),
        f"{PREFIX}signature-method": "HMAC-SHA256",
        f"{PREFIX}signature-nonce": nonce,
        f"{PREFIX}signature-version": "2.0",
        f"{PREFIX}timestamp": str(int(now.timestamp())),
    }
    return {
        **headers,
        "Accept": "application/json",
        "Access-Token": key.access_token,
        "Authorization": signature(headers, key.secret),
    }


def signature(headers: Mapping[str, str], secret: str) -> str:
    """The signature over the x-bili-* headers, in hexadecimal digits."""
    text = "\n".join(f"{name}:{headers[name]}" for name in sorted(headers))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def md5(body: bytes) -> str:
    """The MD5 of a body, as the platform wants it."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
