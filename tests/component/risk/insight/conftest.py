"""The tables of `insight` in a database of its own for each test."""

from __future__ import annotations

import pytest

from candor.store.db import Database
from tests.support.insight import InsightDesk


@pytest.fixture
def insight(risk_database: Database) -> InsightDesk:
    return InsightDesk(risk_database)
