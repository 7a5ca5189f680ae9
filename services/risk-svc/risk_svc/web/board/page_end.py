"""Empties an open page once its session is over: no tab goes on showing what its reader may not see any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from nicegui import ui

from candor.web.http.public import public_path
from candor.web.security.sessions import IDLE

EVERY: Final = timedelta(seconds=4)
_SCRIPT: Final = """<script>(() => {
  let heard = Date.now();
  const over = () => {
    document.body.replaceChildren();
    document.title = "Candor";
    location.replace("HOME");
  };
  const look = async () => {
    if (Date.now() - heard >= IDLE) return over();
    if (window.socket?.connected) { heard = Date.now(); return; }
    try {
      const answer = await fetch("PROBE", { method: "HEAD", cache: "no-store", redirect: "manual" });
      if (answer.status === 401) over();
      else if (answer.ok) heard = Date.now();
    } catch { /* Nobody answers: the session ends unused, and this page with it. */ }
  };
  setInterval(look, EVERY);
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();</script>"""


def end_with_session() -> None:
    """Let this page look whether its session lives whenever its socket is closed; unheard, it ends as an idle one."""
    values = {
        "HOME": public_path("/board/"),
        "PROBE": public_path("/board/favicon.ico"),
        "IDLE": str(int(IDLE.total_seconds() * 1000)),
        "EVERY": str(int(EVERY.total_seconds() * 1000)),
    }
    script = _SCRIPT
    for name, value in values.items():
        script = script.replace(name, value)
    ui.add_head_html(script)
