"""How a sender proves that a webhook is its own: one scheme per module, all with the same interface."""

from candor.web.security.schemes.hmac_signature import HmacSignature
from candor.web.security.schemes.scheme import Scheme, SignedRequest
from candor.web.security.schemes.secret_hash import SecretHash
from candor.web.security.schemes.shared_secrets import Basic, Bearer, PathToken
from candor.web.security.schemes.standard_webhooks import StandardWebhooks

__all__ = [
    "Basic",
    "Bearer",
    "HmacSignature",
    "PathToken",
    "Scheme",
    "SecretHash",
    "SignedRequest",
    "StandardWebhooks",
]
