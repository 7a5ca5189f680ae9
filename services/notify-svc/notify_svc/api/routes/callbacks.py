"""What providers tell us later of messages: of text messages by Twilio's signature, of mails by their provider's."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.ops.clock import SystemClock
from candor.store.unit_of_work import unit_of_work
from candor.web.http.body import read_raw
from candor.web.http.problems import Problem
from candor.web.security.signatures import bad_signature
from notify_svc import metrics
from notify_svc.channels.email.events import Heard
from notify_svc.channels.email.smtp import EmailChannel
from notify_svc.channels.sms.channel import SmsChannel
from notify_svc.channels.sms.reports import FAILED, gone_by
from notify_svc.compose.reach import Reach
from notify_svc.delivery import returned
from notify_svc.delivery.hearing import NOT_OURS, hear

FORM: Final = ("application/x-www-form-urlencoded",)
FIELDS: Final = 64
AT_ONCE: Final = 50
"""Events of one transaction."""
log: Final = structlog.get_logger("notify.callbacks")
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


@router.post("/v1/callbacks/mail")
async def mail_reports(request: Request) -> Response:
    """Take what a mail provider says became of messages; answers how many events were of messages of ours.

    What comes twice changes nothing. Those of no message of ours are counted, and named in the log.
    """
    reach: Reach = request.app.state.reach
    channel = reach.channels.get("email")
    if not isinstance(channel, EmailChannel) or channel.events is None:
        raise bad_signature()
    heard = channel.events.read(request.headers, await read_raw(request), SystemClock().now())
    taken = 0
    for start in range(0, len(heard), AT_ONCE):
        taken += await _take(request, reach, heard[start : start + AT_ONCE])
    return JSONResponse({"taken": taken, "passed_over": len(heard) - taken})


async def _take(request: Request, reach: Reach, heard: list[Heard]) -> int:
    now = request.app.state.clock.now()
    async with unit_of_work(request.app.state.database) as uow:
        said = [await hear(uow, reach, one.report, one.name, now) for one in heard]
    for one, what in zip(heard, said, strict=True):
        metrics.MAIL_REPORTS.labels(what).inc()
        if what == NOT_OURS:
            log.info("mail report passed over", event_id=one.name, messages=list(one.report.ids) if one.report else [])
    return sum(what != NOT_OURS for what in said)
