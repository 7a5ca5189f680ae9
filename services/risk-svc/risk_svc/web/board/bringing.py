"""The form by which a table is brought to the board: kept for its session, and led to the page about it."""

from __future__ import annotations

from typing import Final, cast

from fastapi import FastAPI
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.store.errors import StoreUnavailable
from candor.tabular.rows import TableError
from candor.web.http.plain_page import plain_page
from candor.web.http.public import public_path
from candor.web.security.auth import Role
from risk_svc.web.board.access import SESSION, away_page
from risk_svc.web.board.sign_in_store import StaffSessions
from risk_svc.web.board.table_files import MOST_BYTES, TableFiles

PATH: Final = "/import/file"
BODY_BYTES: Final = MOST_BYTES + 64 * 1024
"""Of the form: the file, and what stands around it."""
BACK: Final = ("Back", "/board/import")
NOT_TAKEN: Final = "The table was not taken"
DATES: Final = ("", "dmy", "mdy")


async def bring(app: FastAPI, request: Request) -> Response:
    """Keep a file of a form, for an operator; what is wrong with it is said on a plain page."""
    session = str(request.scope.get("state", {}).get(SESSION, ""))
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            file, zone, dates = form.get("file"), str(form.get("zone", "")), str(form.get("dates", ""))
            if not isinstance(file, UploadFile) or not file.filename or dates not in DATES:
                return plain_page(422, NOT_TAKEN, "Choose a file; dates are dmy, mdy, or nothing.", BACK)
            raw = await file.read(MOST_BYTES + 1)
            name = file.filename
    except HTTPException:
        return plain_page(400, NOT_TAKEN, "The form could not be read. Try again.", BACK)
    try:
        who = await cast(StaffSessions, app.state.staff).who(session)
    except StoreUnavailable:
        return away_page()
    if who is None or who[1] < Role.OPERATOR:
        return plain_page(403, NOT_TAKEN, "Importing needs the role operator.", BACK)
    files = cast(TableFiles, app.state.table_files)
    try:
        word = files.add(session, name, raw, zone.strip()[:64], dates)
    except TableError as error:
        return plain_page(422, NOT_TAKEN, f"{error}.", BACK)
    return RedirectResponse(f"{public_path('/board/import')}?table={word}", 303)
