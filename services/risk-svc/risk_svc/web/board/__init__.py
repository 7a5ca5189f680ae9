"""The board for account managers and dispatchers. Signed-in staff only; runs in the web role's app."""

from risk_svc.web.board.access import router
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.mount import MOUNT, attach

__all__ = ["MOUNT", "LiveData", "attach", "router"]
