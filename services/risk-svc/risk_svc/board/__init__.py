"""The board: what account managers and dispatchers watch. Signed-in staff only; needs the web role's app."""

from risk_svc.board.access import router
from risk_svc.board.mount import attach
from risk_svc.board.reading import Reading

__all__ = ["Reading", "attach", "router"]
