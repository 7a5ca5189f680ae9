"""A company whose last day is chosen: its first day follows, and what has not happened yet is not sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from candor_demo.fieldservice.config import ParamsError
from candor_demo.fieldservice.params import Params

TODAY: Final = "today"


def ending_on(params: Params, day: str) -> Params:
    """The same with another last day: `today`, or such as 2026-12-31. Raises ParamsError."""
    try:
        return Params.model_validate_json(json.dumps(params.model_dump(mode="json") | {"ending": day}))
    except ValidationError as error:
        raise ParamsError("--ending: must be today, or a day from 2010-01-01 to 2100-01-01") from error


def placed(params: Params, now: datetime) -> tuple[Params, datetime | None]:
    """Parameters whose days are those that `ending` says, and the time after which nothing is sent; None: no such time.

    That is the end of the last day, in the company's zone, or `now` if it is earlier.
    """
    if params.ending is None:
        return params, None
    zone = ZoneInfo(params.zone)
    last = now.astimezone(zone).date() if params.ending == TODAY else params.ending
    over = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    starts = last - timedelta(days=7 * params.weeks - 1)
    return params.model_copy(update={"starts": starts, "ending": last}), min(over, now)
