"""WeChat's endpoints, one method each: a token in the query, JSON or multipart in the body.

Reading and uploading may be repeated once with a new token; publishing is never repeated.
DOCS is https://developers.weixin.qq.com/doc (pages as of 2025-2026).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import aiohttp

from adapters.http import Answer, Fields, Http
from adapters.wechat import errors, limits
from adapters.wechat.errors import Context, Stage
from adapters.wechat.tokens import Tokens

Body = Mapping[str, object]
SUBMIT = "/cgi-bin/freepublish/submit"


@dataclass(frozen=True, kw_only=True)
class File:
    """A picture ready for upload; the name is ASCII because WeChat cannot read others (41005)."""

    name: str
    mime: str
    data: bytes


class Api:
    """Calls for one account; every answer comes with errcode 0 or absent, or it raises."""

    def __init__(self, http: Http, tokens: Tokens, context: Callable[[], Context]) -> None:
        self._http = http
        self._tokens = tokens
        self._context = context

    async def upload_inline(self, file: File) -> str:
        """The address of a picture for use inside an article.

        DOCS/subscription/api/material/permanent/api_uploadimage
        """
        answer = await self._upload("/cgi-bin/media/uploadimg", file, {})
        return answer.text("url")

    async def upload_material(self, file: File) -> str:
        """The media_id of a permanent picture: a cover, or one of a picture message.

        DOCS/subscription/api/material/permanent/api_addmaterial
        """
        answer = await self._upload("/cgi-bin/material/add_material", file, {"type": "image"})
        return answer.text("media_id")

    async def add_draft(self, articles: Sequence[Body]) -> str:
        """The media_id of a new draft. DOCS/subscription/api/draftbox/draftmanage/api_draft_add"""
        path = "/cgi-bin/draft/add"
        answer = await self.change("POST", path, body={"articles": list(articles)})
        return answer.text("media_id")

    async def drafts(self) -> Fields:
        """The newest drafts without their texts. DOCS/…/draftmanage/api_draft_batchget"""
        body = {"offset": 0, "count": limits.PAGE, "no_content": 1}
        return await self.read("/cgi-bin/draft/batchget", body)

    async def has_draft(self, media_id: str) -> bool:
        """True while the draft is in the box; publishing takes it out.

        DOCS/subscription/api/draftbox/draftmanage/api_getdraft
        """
        path = "/cgi-bin/draft/get"
        answer = await self.read(path, {"media_id": media_id}, allowed={errors.UNKNOWN_MEDIA})
        return errors.code_of(answer) == 0

    async def submit(self, media_id: str) -> Fields:
        """发布: publish_id and msg_data_id of an accepted job.

        DOCS/subscription/api/public/api_freepublish_submit
        """
        return await self._commit(SUBMIT, {"media_id": media_id})

    async def submits_today(self) -> int:
        """How many calls of `submit` WeChat has counted today, whatever came of them.

        DOCS/subscription/api/apimanage/api_getapiquota
        """
        answer = await self.read("/cgi-bin/openapi/quota/get", {"cgi_path": SUBMIT})
        return answer.fields("quota").number("used")

    async def send_all(self, media_id: str, key: str, *, reprint: bool) -> Fields:
        """群发 to all followers: msg_id and msg_data_id; code 45065 comes back as it is.

        DOCS/service/api/notify/message/api_sendall
        """
        body: Body = {
            "filter": {"is_to_all": True},
            "msgtype": "mpnews",
            "mpnews": {"media_id": media_id},
            "send_ignore_reprint": int(reprint),
            "clientmsgid": key,
        }
        path = "/cgi-bin/message/mass/sendall"
        return await self._commit(path, body, allowed={errors.SENT_ALREADY})

    async def publish_job(self, publish_id: str) -> Fields:
        """How far a 发布 is. DOCS/subscription/api/public/api_freepublish_get"""
        return await self.read("/cgi-bin/freepublish/get", {"publish_id": publish_id})

    async def mass_job(self, msg_id: str) -> Fields:
        """How far a 群发 is. DOCS/service/api/notify/message/api_massmsgget"""
        return await self.read("/cgi-bin/message/mass/get", {"msg_id": msg_id})

    async def published(self, *, pages: int, content: bool) -> AsyncIterator[Fields]:
        """发布 objects, newest first, at most `pages` pages; 群发 is never among them.

        DOCS/subscription/api/public/api_freepublish_batchget
        """
        for page in range(pages):
            body = {
                "offset": page * limits.PAGE,
                "count": limits.PAGE,
                "no_content": int(not content),
            }
            answer = await self.read("/cgi-bin/freepublish/batchget", body)
            items = list(answer.each("item"))
            for item in items:
                yield item
            if len(items) < limits.PAGE:
                return

    async def delete_published(self, article_id: str, index: int) -> None:
        """Takes the article at `index` (from 1; 0: all) of a 发布 down; well when it is gone.

        DOCS/subscription/api/public/api_freepublishdelete
        """
        body = {"article_id": article_id, "index": index}
        path = "/cgi-bin/freepublish/delete"
        await self.change(
            "POST", path, body=body, stage=Stage.COMMIT, allowed={errors.UNKNOWN_ARTICLE}
        )

    async def delete_mass(self, message: Body) -> None:
        """Takes a 群发 down: `msg_id` with `article_idx` (from 1; 0: all), or the article's `url`.

        Only what was sent by API goes this way. DOCS/service/api/notify/message/api_deletemassmsg
        """
        path = "/cgi-bin/message/mass/delete"
        await self.change("POST", path, body=message, stage=Stage.COMMIT)

    async def articles_of(self, day: date, endpoint: str) -> list[Fields]:
        """All articles of a past day with their figures; [] while they are not ready.

        DOCS/subscription/api/wedata/news/api_getarticletotaldetail (no /cgi-bin; one day a call)
        """
        body = {"begin_date": day.isoformat(), "end_date": day.isoformat()}
        answer = await self.read(f"/datacube/{endpoint}", body, allowed={errors.DATA_NOT_READY})
        return list(answer.each("list"))

    async def read(
        self, path: str, body: Body | None = None, *, allowed: Collection[int] = ()
    ) -> Fields:
        """The answer to a question, which may be asked again; a GET when it has no body."""

        async def attempt(token: str) -> Answer:
            return await self._http.read(
                "GET" if body is None else "POST",
                path,
                action=_action(path),
                params={"access_token": token},
                json_body=body,
            )

        return await self._renewing(attempt, Stage.READ, allowed)

    async def change(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Body | None = None,
        file: File | None = None,
        stage: Stage = Stage.PREPARE,
        allowed: Collection[int] = (),
    ) -> Fields:
        """The answer to a call that publishes nothing, so that it may be made again after a loss.

        It is repeated here once, when a new token may help. `stage`: PREPARE makes something only
        the account sees, COMMIT changes what the public sees.
        """

        async def attempt(token: str) -> Answer:
            return await self._http.call(
                method,
                path,
                action=_action(path),
                params={"access_token": token, **(params or {})},
                json_body=body,
                # Made anew for each attempt: a form that was sent once is used up.
                data=None if file is None else _form(file),
                effect=stage is Stage.COMMIT,
            )

        return await self._renewing(attempt, stage, allowed)

    async def _upload(self, path: str, file: File, params: Mapping[str, str]) -> Fields:
        return await self.change("POST", path, params=params, file=file)

    async def _commit(self, path: str, body: Body, *, allowed: Collection[int] = ()) -> Fields:
        token = await self._tokens.get()
        answer = await self._http.call(
            "POST",
            path,
            action=_action(path),
            params={"access_token": token},
            json_body=body,
            effect=True,
        )
        code = errors.code_of(answer.fields)
        if errors.wants_new_token(code):
            await self._tokens.drop(token)
        return self._checked(answer, Stage.COMMIT, allowed)

    async def _renewing(
        self, attempt: Callable[[str], Awaitable[Answer]], stage: Stage, allowed: Collection[int]
    ) -> Fields:
        token = await self._tokens.get()
        answer = await attempt(token)
        if errors.wants_new_token(errors.code_of(answer.fields)):
            answer = await attempt(await self._tokens.replace(token))
        return self._checked(answer, stage, allowed)

    def _checked(self, answer: Answer, stage: Stage, allowed: Collection[int]) -> Fields:
        fields = answer.fields
        code = errors.code_of(fields)
        if code and code not in allowed:
            raise errors.error_for(code, answer.origin, stage, self._context())
        return fields


def _form(file: File) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("media", file.data, filename=file.name, content_type=file.mime)
    return form


def _action(path: str) -> str:
    return path.removeprefix("/cgi-bin/").removeprefix("/")
