"""/api/tokens: one's own API tokens."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from parking.accounts.sessions import cookies
from parking.accounts.tokens import schemas, service
from parking.web import documented, identity, requires
from parking.web.rate_limits import NEW_API_TOKEN, by_user, limiter

bp = APIBlueprint("api_tokens", __name__, url_prefix="/api/tokens", tag="Accounts")


@bp.get("")
@requires()
@bp.output(schemas.ApiTokens)
def list_tokens() -> dict[str, Any]:
    """Your API tokens, newest first, without their secrets."""
    return {"tokens": service.list_own(identity())}


@bp.post("")
@requires()
@documented(401, 409)
@limiter.limit(NEW_API_TOKEN, key_func=by_user)
@bp.input(schemas.NewApiToken, arg_name="body")
@bp.output(schemas.CreatedApiToken, status_code=201)
def create_token(body: schemas.NewApiToken) -> dict[str, Any]:
    """Create an API token, with which a program acts for you within its scopes. Its secret is shown this once.

    Where you have a second factor, this asks for a code of the last ten minutes (401 `second_factor_required`).
    """
    return service.create(identity(), body.name, body.scopes, body.lot_ids, body.expires_at, cookies.browser())


@bp.delete("/<int:token_id>")
@requires()
@bp.output({}, status_code=204)
def revoke_token(token_id: int) -> tuple[str, int]:
    """Revoke an API token. It stops working at once."""
    service.revoke(identity(), token_id)
    return "", 204
