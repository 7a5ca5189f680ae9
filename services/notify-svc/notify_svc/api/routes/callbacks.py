"""What providers tell us later of messages: reports of text messages, proven by Twilio's signature."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from candor.store.unit_of_work import unit_of_work
from candor.web.http.body import read_raw
from candor.web.http.problems import Problem
from candor.web.security.signatures import bad_signature
from notify_svc.channels.sms.channel import SmsChannel
from notify_svc.channels.sms.reports import FAILED, gone_by
from notify_svc.compose.reach import Reach
from notify_svc.delivery import returned

FORM: Final = ("application/x-www-form-urlencoded",)
FIELDS: Final = 64
router: Final = APIRouter(include_in_schema=False)


@router.post("/v1/callbacks/sms/{token}", status_code=204)
async def sms_report(request: Request, token: Annotated[str, Path(max_length=64)]) -> Response:
    """Take a report of the delivery whose id is the token: that the provider has it, or that it did not arrive.

    A report that changes nothing, as one that comes twice or of another order, is answered like one that does.
    """
    reach: Reach = request.app.state.reach
    channel = reach.channels.get("sms")
    signature = request.headers.get("x-twilio-signature", "")
    if not isinstance(channel, SmsChannel) or not signature:
        raise bad_signature()
    try:
        text = (await read_raw(request, FORM)).decode()
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
    except ValueError:
        raise Problem("bad_request", "this is no report of a text message") from None
    if not channel.proves(token, fields, signature):
        raise bad_signature()
    said, now = dict(fields), request.app.state.clock.now()
    async with unit_of_work(request.app.state.database) as uow:
        if said.get("MessageStatus") in FAILED:
            code = said.get("ErrorCode", "")[:16]
            await returned.came_back(uow, reach, token, code, now, gone=gone_by(code))
        else:
            await returned.arrived(uow, token, said.get("MessageSid", "")[:64], now)
    return Response(status_code=204)
