"""What a mail server or a provider says of messages, acted on once: shared by the mailbox and by webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from candor.store.unit_of_work import UnitOfWork
from notify_svc.channels.email.reports import Report, Said
from notify_svc.compose.reach import Reach
from notify_svc.delivery import returned
from notify_svc.store import mail_reports, read_model, stopping
from notify_svc.store.mail_reports import Told

FAILED: Final = (Said.GONE, Said.RETURNED)
PROOFS: Final = (Said.ARRIVED, Said.AUTO_REPLY, Said.REPLY, Said.COMPLAINT)
"""What nobody says of a message that did not arrive."""
NOT_OURS: Final = "not_ours"


async def hear(uow: UnitOfWork, reach: Reach, report: Report | None, name: str, now: datetime) -> str:
    """Act on a report that is known by `name`, once; what it said, or NOT_OURS if it is of no message of ours."""
    told = await mail_reports.about(uow, report.ids) if report else []
    told = [one for one in told if report and _is_about(reach, report, one)]
    if report is None or not told:
        return NOT_OURS
    if await mail_reports.keep(uow, name, report.said.value, report.code, told):
        await _apply(uow, reach, report, told, now)
    return report.said.value


def _is_about(reach: Reach, report: Report, told: Told) -> bool:
    """Whether a report names the address that the message went to: an id alone may be known to others."""
    if report.said in (Said.AUTO_REPLY, Said.REPLY):
        return True
    return told.recipient in {reach.opener.recipient(address) for address in report.addresses}


async def _apply(uow: UnitOfWork, reach: Reach, report: Report, told: list[Told], now: datetime) -> None:
    # Locks are taken in the consumer's order, of all that a joint letter told: promises, customers, notices.
    await read_model.promises(uow, [one.promise_id for one in told])
    await read_model.customers(uow, {one.addressee for one in told})
    for one in told:
        if report.said in FAILED:
            gone = report.said is Said.GONE
            await returned.came_back(uow, reach, one.delivery_id, report.code, now, gone=gone)
        elif report.said in PROOFS:
            await returned.arrived(uow, one.delivery_id, "", now)
        if report.said is Said.COMPLAINT:
            # Who calls our messages unwanted leaves them, as by the link to leave.
            await stopping.stop(uow, one.addressee, now)
