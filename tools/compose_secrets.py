"""Makes the secret files that compose.yaml mounts, once, and prints an API key and a link that signs in to the board.

    python -m tools.compose_secrets

Existing files stay: a database keeps the password that it was made with.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from candor.installation.folder import Folder, home
from candor.local.secret_files import SecretPaths, add_key, ensure_secrets, write_private
from candor.ops.settings import read_secret
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions

SERVICES: Final = ("promise", "delivery", "risk", "notify")
ROLES: Final = ("postgres", *(f"postgres-{name}{who}" for name in SERVICES for who in ("", "-app")))
BOARD: Final = "http://127.0.0.1:8103"


def make(root: Path) -> tuple[SecretPaths, str]:
    """Creates what is missing under `root`: passwords of the database's roles, and what `candor up` makes as well.

    Returns where they are, and a new API key. The folder is closed to others on this machine; the files in it are
    open, because containers read them as another user.
    """
    paths = ensure_secrets(Folder.at(root))
    for name in ROLES:
        if not (paths.folder / name).exists():
            write_private(paths.folder / name, secrets.token_hex(24))
    key = add_key(paths, "compose", Role.OPERATOR)
    for file in paths.folder.iterdir():
        file.chmod(0o444)
    return paths, key


def main() -> None:
    """Makes them, and says how to begin."""
    paths, key = make(home().absolute() / "compose")
    link = Sessions(read_secret(paths.session), secure=False).link_token(Role.OPERATOR)
    print(f"API key of an operator, shown this once:\n  {key}")
    print(f"Sign in to the board, once, when it is up:\n  {BOARD}/signin?token={link}")


if __name__ == "__main__":
    main()
