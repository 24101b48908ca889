"""The owner of an account is led through Kuaishou's authorisation and back."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.kuaishou.limits import SCOPES
from bot.contract import Connects, Hears
from bot.errors import AuthFailed, PlatformError
from tests.adapters.kuaishou.stage import APP, KuaishouStage
from tests.adapters.stage import MemoryCredentials

BACK = "https://xuanfa.wjw.example/connect/kuaishou"


async def test_the_page_is_asked_for_with_all_permissions(stage: KuaishouStage) -> None:
    desk = stage.desk()
    assert isinstance(desk, Connects)
    assert not isinstance(desk, Hears)
    url = urlsplit(await desk.invite(stage.account, redirect=BACK, state="s7"))
    assert url.path.endswith("/oauth2/authorize")
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert query == {
        "app_id": APP["app_id"],
        "scope": ",".join(SCOPES),
        "response_type": "code",
        "redirect_uri": BACK,
        "state": "s7",
        "ua": "pc",
    }


async def test_what_the_owner_allowed_publishes(stage: KuaishouStage) -> None:
    granted = await stage.desk().accept({"code": await stage.code(), "state": "s7"}, redirect=BACK)
    assert granted.name == "澜汀妇幼"
    assert granted.expires_at == stage.clock.now() + timedelta(days=180)
    assert set(granted.fields["scopes"].split(",")) == set(SCOPES)
    assert "app_secret" not in granted.fields
    stage.credentials = MemoryCredentials(granted.fields)
    stage.adapter = stage.another_adapter()
    await stage.published()
    await stage.forward(timedelta(days=3))
    assert (await stage.adapter.renew()).until == granted.expires_at


async def test_a_code_works_once(stage: KuaishouStage) -> None:
    code, desk = await stage.code(), stage.desk()
    await desk.accept({"code": code}, redirect=BACK)
    with pytest.raises(AuthFailed) as raised:
        await desk.accept({"code": code}, redirect=BACK)
    assert raised.value.code == "100200105"


async def test_an_owner_who_declines_gives_nothing(stage: KuaishouStage) -> None:
    with pytest.raises(AuthFailed, match="授权页"):
        await stage.desk().accept({"state": "s7"}, redirect=BACK)


async def test_a_permission_that_was_not_ticked_is_named(stage: KuaishouStage) -> None:
    await stage.account_is(scopes="user_info,user_video_publish")
    with pytest.raises(AuthFailed, match="user_video_info"):
        await stage.desk().accept({"code": await stage.code()}, redirect=BACK)


async def test_without_deleting_the_account_works(stage: KuaishouStage) -> None:
    await stage.account_is(scopes="user_info,user_video_publish,user_video_info")
    granted = await stage.desk().accept({"code": await stage.code()}, redirect=BACK)
    assert "user_video_delete" not in granted.fields["scopes"]


async def test_a_name_that_cannot_be_read_loses_no_tokens(stage: KuaishouStage) -> None:
    """The code is spent by then."""
    await stage.fault("code", code=100200500, path="user_info", times=-1)
    granted = await stage.desk().accept({"code": await stage.code()}, redirect=BACK)
    assert granted.name == ""
    assert granted.fields["access_token"]


@pytest.mark.parametrize("app", [{}, {"app_id": "ks7001"}])
async def test_without_an_app_nobody_is_invited(stage: KuaishouStage, app: dict[str, str]) -> None:
    stage.app = MemoryCredentials(app)
    with pytest.raises(AuthFailed):
        await stage.desk().invite(stage.account, redirect=BACK, state="s7")


async def test_secrets_stay_out_of_errors(stage: KuaishouStage) -> None:
    stage.app = MemoryCredentials({**APP, "app_secret": "wrong-secret-of-the-app"})
    code = await stage.code()
    with pytest.raises(PlatformError) as raised:
        await stage.desk().accept({"code": code}, redirect=BACK)
    assert raised.value.code == "100200101"
    told = str(raised.value.facts())
    assert code not in told
    assert "wrong-secret-of-the-app" not in told
