"""The board for account managers and dispatchers. Signed-in staff only; runs in the web role's app."""

from risk_svc.web.board import administration
from risk_svc.web.board.access import router
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.matter_data import MatterData
from risk_svc.web.board.mount import MOUNT, attach, tidying
from risk_svc.web.board.sign_in_store import StaffSessions

__all__ = ["MOUNT", "LiveData", "MatterData", "StaffSessions", "administration", "attach", "router", "tidying"]
