"""The board: what account managers and dispatchers watch. Signed-in staff only; needs the web role's app."""

from risk_svc.board.access import router
from risk_svc.board.mount import MOUNT, attach
from risk_svc.board.reading import Reading

__all__ = ["MOUNT", "Reading", "attach", "router"]
