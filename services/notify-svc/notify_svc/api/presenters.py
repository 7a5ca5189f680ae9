"""Rows as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from notify_svc.api.responses import DeliveryOut, MailReportOut, NoticeOut, NoticeWhole
from notify_svc.store.tables import DeliveryRow, MailReportRow, NoticeRow


def notice_out(row: NoticeRow, deliveries: Sequence[DeliveryRow]) -> dict[str, Any]:
    """A notice as `NoticeOut`; `deliveries` are sorted oldest to newest."""
    attempts = deliveries[-1].attempts if deliveries else 0
    return NoticeOut(message=row.body, attempts=attempts, **_columns(row)).model_dump()


def notice_whole(row: NoticeRow, deliveries: Sequence[DeliveryRow], reports: Sequence[MailReportRow]) -> dict[str, Any]:
    """A notice as `NoticeWhole`; `deliveries` and `reports` are sorted oldest to newest."""
    newest = deliveries[-1] if deliveries else None
    return NoticeWhole(
        message=row.body,
        attempts=newest.attempts if newest else 0,
        phase=newest.phase if newest else "",
        smtp_code=_smtp_code(newest),
        next_try_at=newest.next_at if newest else row.created_at,
        unknown_since=newest.unknown_since if newest else None,
        deliveries=[DeliveryOut(**one.model_dump()) for one in deliveries],
        reports=[MailReportOut(**one.model_dump()) for one in reports],
        **_columns(row),
    ).model_dump()


def _columns(row: NoticeRow) -> dict[str, Any]:
    return row.model_dump() | {"awaits": row.awaits.split(",") if row.awaits else []}


def _smtp_code(delivery: DeliveryRow | None) -> int | None:
    """The mail server's reply to the last attempt; 0 if it gave none, None if no attempt has ended."""
    if delivery is None or delivery.channel != "email" or delivery.provider_code is None:
        return None
    return int(delivery.provider_code or 0)
