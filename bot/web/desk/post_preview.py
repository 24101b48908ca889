"""/posts/{post}/preview/{account}, /posts/{post}/media/{name}: what its readers will see."""

from __future__ import annotations

import asyncio
from pathlib import PurePath

from aiohttp import web

from bot.contract import Scene
from bot.domain.post import Media, Post
from bot.engine import context as contexts
from bot.engine import desk_post
from bot.errors import MediaError
from bot.i18n import _
from bot.ledger import posts, publications
from bot.ledger.posts import decode
from bot.preview import page
from bot.preview.frames import media_of
from bot.preview.gallery import pictures
from bot.web.desk.visit import Visit
from bot.web.pages import FILE, FRAMED
from bot.wiring.media import MediaFolder
from bot.wiring.platforms import Catalog


async def show_preview(visit: Visit) -> web.StreamResponse:
    """One account's phones, to be shown within the post's page."""
    found = await desk_post.form_of(visit.core, visit.part("post"), visit.part("account"))
    if found is None:
        visit.missing()
    known, pub = found
    visit.must_see(pub.unit)
    settings = visit.desk.settings
    account, post = known.account(pub), known.content(pub.content_hash)
    shown = await asyncio.to_thread(
        pictures,
        media_of(post),
        settings.office.schedules,
        settings.files.preview / ".cache",
    )
    scene = Scene(account=account, at=pub.due_at, by_hand=pub.by_hand, pictures=shown)
    variant = contexts.variant_of(visit.core, known, pub)
    screens = Catalog(settings.platforms).screens(variant, scene)
    text = page.phones(
        variant.title or post.title, screens, account.platform, pub.due_at, visit.zone
    )
    body = text.encode("utf-8", "replace")
    return web.Response(body=body, content_type="text/html", charset="utf-8", headers=FRAMED)


async def show_media(visit: Visit) -> web.StreamResponse:
    """A picture or video of the post; no other file, whatever is asked for."""
    name = visit.part("name")
    post = await _content(visit)
    media = next((one for one in media_of(post) if name_of(one) == name), None)
    if media is None:
        visit.missing()
    settings = visit.desk.settings
    store = MediaFolder(settings.office.schedules, settings.files.preview / ".cache")
    try:
        file = await asyncio.to_thread(store.path, media)
    except MediaError as error:
        visit.missing(str(error))
    return web.FileResponse(file, headers={**FILE, "Content-Type": media.mime})


async def _content(visit: Visit) -> Post:
    """The post's newest version, for who may see it."""
    name, unit = visit.part("post"), visit.who.only_unit
    async with visit.core.ledger.read() as conn:
        stored = (await posts.some_posts(conn, [name])).get(name)
        if stored is None:
            visit.missing(_("There is no such post."))
        if unit and not any(one.unit == unit for one in await publications.of_posts(conn, [name])):
            visit.must_see("-")
        bodies = await publications.bodies(conn, {stored.content_hash})
    return decode(bodies[stored.content_hash])


def name_of(media: Media) -> str:
    """Its name in an address: by what is in it, so no path is ever asked for."""
    return f"{media.sha256[:20]}{PurePath(media.path).suffix.lower()}"
