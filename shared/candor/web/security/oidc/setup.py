"""Builds the staff sign-in from settings; missing or unsafe settings stop the process at its start, with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from candor.ops.secret_files import SecretFile, SecretFiles, credential
from candor.ops.settings import Settings
from candor.web.security.oidc.provider import Client, Provider, check_address
from candor.web.security.oidc.refusal import RefusedError
from candor.web.security.oidc.signin import SignIn
from candor.web.security.sessions import Sessions
from candor.web.security.signing import Secrets

CALLBACK: Final = "/signin/callback"
SIGNED_OUT: Final = "/signout/done"


def sign_in_of(
    settings: Settings, sessions: Sessions, secret: Secrets | str, home: str, files: SecretFiles | None = None
) -> SignIn | None:
    """Return the configured sign-in by OpenID Connect; None without an issuer (then links open sessions).

    `files` is told of the client secret, which is read again when it changes.

    Raises ValueError for incomplete settings, for addresses without TLS, and in production without an issuer.
    """
    settings.refuse_staff_pages_without_oidc()
    if not settings.oidc_issuer:
        return None
    for name in ("oidc_client_id", "oidc_client_secret_file", "oidc_roles_claim", "public_url"):
        if not getattr(settings, name):
            raise ValueError(f"{name.upper()} is missing: sign-in by OIDC needs it")
    public = settings.public_url.rstrip("/")
    for name, address in (("OIDC_ISSUER", settings.oidc_issuer), ("PUBLIC_URL", public)):
        _check(name, address)
    # The provider chose the secret, so we do not judge its length or characters.
    file = SecretFile(settings.oidc_client_secret_file or Path(), credential, name="OIDC_CLIENT_SECRET_FILE")
    if files is not None:
        files.watch(file)
    client = Client(settings.oidc_client_id, file.get, public + CALLBACK, public + SIGNED_OUT)
    return SignIn(
        Provider(settings.oidc_issuer, client),
        sessions,
        secret,
        roles_claim=settings.oidc_roles_claim,
        scopes=settings.oidc_scopes,
        home=home,
    )


def _check(name: str, address: str) -> None:
    try:
        check_address(address)
    except (RefusedError, ValueError):
        raise ValueError(f"{name} must be an address with https:// (http:// only on this machine)") from None
