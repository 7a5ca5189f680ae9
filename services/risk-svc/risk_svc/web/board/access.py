"""Who may see the board: signing in opens a session, which everything below /board requires, sockets included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Final, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.ops.typed import typed
from candor.store.audit import Actor
from candor.store.errors import StoreUnavailable
from candor.web.http.plain_page import plain_page
from candor.web.http.problems import Problem
from candor.web.http.public import own_origin, public_path, within_prefix
from candor.web.http.rates import Rates
from candor.web.http.running import Running
from candor.web.security.oidc import CALLBACK, SIGNED_OUT, SignIn
from candor.web.security.sessions import LINK_AGE, Session, Sessions
from risk_svc.web.board.session_end import EndingReceive
from risk_svc.web.board.sign_in_store import LOOKED_AT, StaffSessions

SESSION: Final = "session"
"""Where a request's state has the id of its session."""
HOME: Final = "/board/"
SIGN_IN: Final = "Sign in to see the board"
COMPANY_SIGNS_IN: Final = "Links open no session here: sign in with your company's account at {}"
SAID_OUT: Final = "You are signed out of Candor."
router: Final = APIRouter(include_in_schema=False)


@router.get("/")
@router.get("/board")
async def home() -> Response:
    """Redirect the bare address to the board."""
    return RedirectResponse(public_path(HOME), 307)


@router.get("/signin")
async def sign_in(
    request: Request,
    token: Annotated[str, Query(max_length=1024)] = "",
    goal: Annotated[str, Query(alias="next", max_length=512)] = HOME,
) -> Response:
    """Sign in: at the company's identity provider if there is one, else with a link from `candor token`."""
    company, page = company_of(request), wants_page(request.scope)
    said = COMPANY_SIGNS_IN.format(public_path(HOME))
    if company is not None:
        if not token:
            return await company.begin(goal)
        if page:
            return plain_page(401, "This link opens nothing here", said, ("Sign in", "/signin"))
        raise Problem("link_invalid", said)
    sessions = cast(Sessions, request.app.state.sessions)
    try:
        session = await sessions.sign_in(token, staff_of(request))
        await staff_of(request).begin(session, session_of(request.scope, sessions), _place(request))
    except Problem as problem:
        if token:
            await staff_of(request).refused(problem.code, _place(request))
        if problem.status != 401 or not page:
            raise
        return link_page("This link has expired") if token else link_page(SIGN_IN)
    except StoreUnavailable:
        if not page:
            raise
        return away_page()
    answer = RedirectResponse(public_path(HOME), 303)
    sessions.set_cookie(answer, session)
    return answer


@router.get(CALLBACK)
async def signed_in(request: Request) -> Response:
    """The address to which the identity provider sends the browser back."""
    company = company_of(request)
    if company is None:
        raise Problem.not_found()
    return await company.finish(request.query_params, request.cookies, staff_of(request), _place(request))


@router.post("/signout")
async def sign_out(request: Request) -> Response:
    """End the session, in this browser and wherever else its cookie may be."""
    return await _sign_out(request, everywhere=False)


@router.post("/signout/everywhere")
async def sign_out_everywhere(request: Request) -> Response:
    """End all sessions of this person, on every device."""
    return await _sign_out(request, everywhere=True)


@router.get(SIGNED_OUT)
async def signed_out(request: Request) -> Response:
    """The address to which the identity provider sends the browser back once its own session is over."""
    company = company_of(request)
    if company is None:
        raise Problem.not_found()
    return company.out.finish(request.query_params, request.cookies, SAID_OUT)


async def _sign_out(request: Request, *, everywhere: bool) -> Response:
    sessions = cast(Sessions, request.app.state.sessions)
    session = session_of(request.scope, sessions)
    said = SAID_OUT
    if session is not None:
        staff = staff_of(request)
        if everywhere and not await staff.over(session):
            by = Actor(session.person, session.role.name.lower(), _place(request))
            await staff.end_person(session.person, "signed out everywhere", by)
            said = "You are signed out of Candor on every device."
        else:
            await staff.end(session, _place(request))
    company = company_of(request)
    if company is not None:
        answer = await company.out.begin(request.cookies, said)
    else:
        answer = plain_page(200, "Signed out", said, ("Sign in again", HOME))
    sessions.end(answer)
    return answer


def _place(request: Request) -> str:
    return request.client.host if request.client else ""


def staff_of(request: Request) -> StaffSessions:
    """The sessions of staff."""
    return cast(StaffSessions, request.app.state.staff)


def company_of(request: Request) -> SignIn | None:
    """The company's sign-in, if there is one."""
    return cast("SignIn | None", getattr(request.app.state, "company", None))


def session_of(scope: Scope, sessions: Sessions) -> Session | None:
    """The session in a request's or socket's cookie."""
    return sessions.read(HTTPConnection(scope).cookies.get(sessions.cookie))


class SessionMiddleware:
    """ASGI middleware of the board: pages, scripts and sockets all require a session.

    With `company`, a browser that asks for a page is sent to sign in; everything else gets 401. `still` says whether
    what vouched for a session still does; an open socket is asked again `every` so often.
    """

    requires_session: ClassVar[bool] = True
    """Read by whoever lists the routes of an app (`candor.web.routes`)."""

    def __init__(
        self,
        app: ASGIApp,
        sessions: Sessions,
        staff: StaffSessions,
        *,
        company: bool = False,
        rates: Rates | None = None,
        running: Running | None = None,
        still: Callable[[Session], bool] = lambda _session: True,
        every: timedelta = LOOKED_AT,
    ) -> None:
        self.app = app
        self.sessions = sessions
        self.staff = staff
        self.company = company
        self.rates = rates
        self.running = running
        self.still = still
        self.every = every.total_seconds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        session = session_of(scope, self.sessions)
        try:
            over = session is None or not own_origin(scope) or await self._over(session)
        except StoreUnavailable:
            # It is unknown whether this session was ended, so it is refused.
            answer = away_page() if wants_page(scope) else Problem.unavailable().response()
            await refuse(scope, receive, send, answer)
            return
        if session is None or over:
            await refuse(scope, receive, send, self._way_in(scope))
            return
        scope.setdefault("state", {}).update({"caller": "staff", SESSION: session.id})
        try:
            if self.rates is not None:
                self.rates.take(f"session:{session.id}")
            if self.running is not None and scope["type"] == "http":
                self.running.count(scope["state"], f"session:{session.id}")
        except Problem as problem:
            await refuse(scope, receive, send, problem.response())
            return
        if scope["type"] == "websocket":
            ending = EndingReceive(session, receive, send, self._over, self.every)
            try:
                await self.app(within_prefix(scope), ending, send)
            finally:
                ending.close()
        else:
            await self.app(within_prefix(scope), receive, self._renewing(session, send))

    async def _over(self, session: Session) -> bool:
        return not self.still(session) or await self.staff.over(session)

    def _renewing(self, session: Session, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and self.sessions.due(session):
                renewed = Response()
                self.sessions.set_cookie(renewed, session)
                cookie = [pair for pair in renewed.raw_headers if pair[0] == b"set-cookie"]
                message["headers"] = [*message["headers"], *cookie]
            await send(message)

        return sending

    def _way_in(self, scope: Scope) -> Response:
        if not self.company:
            if wants_page(scope):
                return link_page(SIGN_IN)
            text = f"Sign in first: run `{typed('token')}` and open the link it prints.\n"
            return Response(text, 401, media_type="text/plain")
        if wants_page(scope):
            return RedirectResponse(public_path("/signin?") + urlencode({"next": scope["path"]}), 303)
        return Response(f"Sign in first, at {public_path(HOME)}.\n", 401, media_type="text/plain")


def link_page(title: str) -> Response:
    """The page that explains how to sign in with a link."""
    minutes = LINK_AGE.seconds // 60
    text = (
        f"A sign-in link opens the board once, within {minutes} minutes; a session ends after a while without use. "
        "For a new link, run this command where Candor is installed, and open what it prints:"
    )
    return plain_page(401, title, text, ("Try the board again", HOME), typed("token"))


def away_page() -> Response:
    """The page shown while it is unknown whether a person is signed in."""
    text = "Candor cannot reach its database, so it cannot tell whether you are signed in. Try again in a moment."
    answer = plain_page(503, "Candor is not available right now", text, ("Try again", HOME))
    answer.headers["retry-after"] = "2"
    return answer


async def refuse(scope: Scope, receive: Receive, send: Send, answer: Response) -> None:
    """Answer a request with `answer`; close a socket before it opens."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await answer(scope, receive, send)


def wants_page(scope: Scope) -> bool:
    """Whether a person's browser asks for a page."""
    return scope["type"] == "http" and scope["method"] == "GET" and b"text/html" in _headers(scope).get(b"accept", b"")


def _headers(scope: Scope) -> Mapping[bytes, bytes]:
    return dict(scope["headers"])
