"""The board for account managers and dispatchers. Signed-in staff only; runs in the web role's app."""

from risk_svc.web.board import administration
from risk_svc.web.board.access import router
from risk_svc.web.board.bringing import BODY_BYTES, PATH
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.matter_data import MatterData
from risk_svc.web.board.mount import MOUNT, attach, forget_tables, tidying
from risk_svc.web.board.sign_in_store import StaffSessions

BODIES = {MOUNT + PATH: BODY_BYTES}
"""Paths of the board that take more than others."""
__all__ = [
    "BODIES",
    "MOUNT",
    "LiveData",
    "MatterData",
    "StaffSessions",
    "administration",
    "attach",
    "forget_tables",
    "router",
    "tidying",
]
