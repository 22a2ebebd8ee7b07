"""The token in every reminder and report: it names a user and a template. It is signed, needs no login, and allows
nothing else."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

from parking import signing
from parking.settings import Settings


class BadToken(ValueError):
    """The token was not signed by this installation, or was changed."""


def make(settings: Settings, user_id: int, template: str) -> str:
    return str(_signer(settings).dumps([user_id, template]))


def read(settings: Settings, token: str) -> tuple[int, str]:
    """The id of the user, and the template. Raises BadToken."""
    try:
        user_id, template = _signer(settings).loads(token)
    except (BadSignature, ValueError, TypeError):
        raise BadToken("not an unsubscribe link of ours") from None
    return int(user_id), str(template)


def _signer(settings: Settings) -> URLSafeSerializer:
    return signing.serializer(settings, "mail-unsubscribe")
