"""What `candor env` says of the servers behind a stack: the variables that the runbooks use."""

from __future__ import annotations

import shlex

from candor.installation.folder import Folder
from candor.installation.running import USER, RunningStack


def server_lines(folder: Folder, running: RunningStack) -> list[str]:
    """Assignments that are not exported: `candor up` would take exported ones for servers of somebody else.

    Nothing is said of a database that is not the stack's own: whoever brought it knows its address and password.
    """
    places = {place.name: place.address for place in running.places}
    values: dict[str, str] = {}
    if "kafka" in places:
        values["KAFKA_BOOTSTRAP_SERVERS"] = places["kafka"]
    password = (folder.secrets / "postgres-password").resolve()
    if "postgres" in places and any(place.name == "postgres" and place.pid for place in running.places):
        values["DATABASE_URL"] = f"postgresql://{USER}@{places['postgres']}/"
        values["DATABASE_PASSWORD_FILE"] = str(password)
    host, _, port = running.smtp.rpartition(":")
    if port:
        values |= {"SMTP_HOST": host, "SMTP_PORT": port}
    return [f"{name}={shlex.quote(value)}" for name, value in values.items()]
