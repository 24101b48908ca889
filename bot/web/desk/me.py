"""/me: the own password, the own roles, and the way out."""

from __future__ import annotations

from aiohttp import web

from bot.engine import entrance
from bot.errors import UsageError
from bot.i18n import _
from bot.web.desk.doors import COOKIE
from bot.web.desk.routes import get, post
from bot.web.desk.visit import Visit


async def show(visit: Visit) -> web.StreamResponse:
    """Who one is here, and the form for another password."""
    return _page(visit)


def _page(visit: Visit, *, status: int = 200, fault: str = "") -> web.Response:
    return visit.render(
        "me", status=status, title=_("My account"), fault=fault, shortest=entrance.PASSWORD_MIN
    )


async def change_password(visit: Visit) -> web.StreamResponse:
    """Another password; all other sessions of the person end."""
    fields = await visit.fields()
    if fields.raw("password") != fields.raw("again"):
        return _page(visit, status=422, fault=_("The two passwords are not the same."))
    try:
        changed = await entrance.change_password(
            visit.core,
            visit.session,
            fields.raw("old"),
            fields.raw("password"),
            address=visit.address,
        )
    except UsageError as error:
        return _page(visit, status=422, fault=str(error))
    if not changed:
        return _page(visit, status=422, fault=_("The old password is wrong."))
    return visit.go("me?done=saved")


async def log_out(visit: Visit) -> web.StreamResponse:
    """Ends the session here and on the server."""
    await entrance.logout(visit.core, visit.session, address=visit.address)
    response = visit.go("login")
    response.del_cookie(COOKIE)
    return response


ROUTES = (
    get("/me", show, None),
    post("/me/password", change_password, None),
    post("/logout", log_out, None),
)
