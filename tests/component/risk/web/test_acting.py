"""Who acts on a page of the board, as the database has it, and that acts are in the audit log before they are done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from candor.clients.services import ServiceError
from candor.ops.secret_files import SecretFile, credential
from candor.store.audit import Actor
from candor.store.db import Database
from candor.web.security.auth import Role
from candor.web.security.sessions import ABSOLUTE, IDLE, Session
from risk_svc.settings import RiskSettings
from risk_svc.web.board.intake_data import PROMISE, IntakeData
from risk_svc.web.board.sign_in_store import StaffSessions
from tests.support.clocks import ManualClock

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def staff(risk_database: Database, clock: ManualClock) -> StaffSessions:
    return StaffSessions(SimpleNamespace(database=risk_database), clock)


async def test_a_session_is_its_persons_until_it_ends_or_is_unused_or_too_old(
    staff: StaffSessions, clock: ManualClock
) -> None:
    await staff.begin(Session("s1", Role.OPERATOR, NOW, NOW, "ana"))
    assert await staff.who("s1") == ("ana", Role.OPERATOR)
    assert await staff.who("s2") is None
    assert await staff.who("") is None
    clock.set(NOW + IDLE + timedelta(seconds=1))
    assert await staff.who("s1") is None
    clock.set(NOW + timedelta(minutes=1))
    assert not await staff.over(Session("s1", Role.OPERATOR, NOW, NOW, "ana"))
    clock.set(NOW + IDLE + timedelta(seconds=1))
    assert await staff.who("s1") == ("ana", Role.OPERATOR)
    clock.set(NOW + ABSOLUTE + timedelta(seconds=1))
    assert await staff.who("s1") is None


async def test_whose_role_was_withdrawn_is_out(staff: StaffSessions) -> None:
    await staff.begin(Session("s3", Role.OPERATOR, NOW, NOW, "bea"))
    await staff.begin(Session("s4", Role.VIEWER, NOW, NOW, "bea"))
    assert await staff.who("s3") is None
    assert await staff.who("s4") == ("bea", Role.VIEWER)


async def test_an_act_is_recorded_though_the_service_is_not_reached(risk_database: Database, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a key\n")
    settings = RiskSettings(promise_svc_url="http://127.0.0.1:9", delivery_svc_url="")
    key = SecretFile(tmp_path / "key", credential)
    intake = IntakeData.of(settings, key, lambda: risk_database)
    assert intake.names == (PROMISE,)
    who = Actor("ana", "operator", "192.0.2.7")
    with pytest.raises(ServiceError, match="not reached"):
        await intake.replay(PROMISE, "r-1", who)
    rows = await risk_database.pool.fetch("SELECT who, role, place, action, object FROM audit_log WHERE who = 'ana'")
    assert tuple(rows[-1]) == ("ana", "operator", "192.0.2.7", "request.replay", "promise-svc r-1")
    assert IntakeData.of(settings, None, lambda: risk_database).names == ()
