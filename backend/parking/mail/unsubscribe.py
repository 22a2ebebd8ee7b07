"""The token in every reminder and report: whose mail, which kind. Signed, no login, good for nothing else."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

from parking import signing
from parking.settings import Settings


class BadToken(ValueError):
    """Not a token of ours, or a changed one."""


def make(settings: Settings, user_id: int, kind: str) -> str:
    return str(_signer(settings).dumps([user_id, kind]))


def read(settings: Settings, token: str) -> tuple[int, str]:
    """The user's id and the kind. Raises BadToken."""
    try:
        user_id, kind = _signer(settings).loads(token)
    except (BadSignature, ValueError, TypeError):
        raise BadToken("not an unsubscribe link of ours") from None
    return int(user_id), str(kind)


def _signer(settings: Settings) -> URLSafeSerializer:
    return signing.serializer(settings, "mail-unsubscribe")
