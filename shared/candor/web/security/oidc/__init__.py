"""Staff sign-in through the company's own identity provider: OpenID Connect, authorization code with PKCE."""

from candor.web.security.oidc.setup import CALLBACK, SIGNED_OUT, sign_in_of
from candor.web.security.oidc.signin import SignIn

__all__ = ["CALLBACK", "SIGNED_OUT", "SignIn", "sign_in_of"]
