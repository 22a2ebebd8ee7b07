"""/auth/second-factor: one's own second factor. Each password and each code renews the session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apiflask import APIBlueprint

from parking.accounts import guess_limits
from parking.accounts.guess_limits import Rule
from parking.accounts.schemas import Renewed
from parking.accounts.second_factor import schemas, service
from parking.accounts.sessions import cookies
from parking.accounts.sessions.renewal import renewed
from parking.web import documented, identity, requires

bp = APIBlueprint("second_factor", __name__, url_prefix="/auth/second-factor", tag="Accounts")


def _password_rules() -> Iterator[Rule]:
    yield guess_limits.passwords_of_caller()


def _code_rules() -> Iterator[Rule]:
    yield guess_limits.codes_of(identity().email)


_password_limit = guess_limits.limited(_password_rules, counts=lambda status: status == 403)
_code_limit = guess_limits.limited(_code_rules, counts=lambda status: status == 401)
"""A wrong password is answered with 403, a wrong code with 401: each counts as what it is."""


@bp.get("")
@requires()
@bp.output(schemas.StateAnswer)
def show() -> dict[str, Any]:
    """Your second factor."""
    return {"second_factor": service.state(identity())}


@bp.post("")
@requires()
@_password_limit
@bp.input(schemas.Begin, arg_name="body")
@bp.output(schemas.Begun, status_code=201)
@documented(403, 409)
def begin(body: schemas.Begin) -> dict[str, Any]:
    """Begin with an authenticator app. It is asked for once `confirm` has seen its first code."""
    begun = service.begin(identity(), body.password)
    return {**renewed("Read the picture with your app"), **begun}


@bp.post("/confirm")
@requires()
@_code_limit
@bp.input(schemas.WithCode, arg_name="body")
@bp.output(schemas.RecoveryCodes)
@documented(401, 409)
def confirm(body: schemas.WithCode) -> dict[str, Any]:
    """Turn the second factor on with the first code of the app. All other browsers are signed out."""
    codes = service.confirm(identity(), body.code, cookies.browser())
    return {**renewed("Your second factor is on. Keep the recovery codes."), "recovery_codes": codes}


@bp.post("/recovery-codes")
@requires()
@_code_limit
@bp.input(schemas.WithCode, arg_name="body")
@bp.output(schemas.RecoveryCodes)
@documented(401, 409)
def renew_recovery_codes(body: schemas.WithCode) -> dict[str, Any]:
    """Get new recovery codes; the old ones stop working."""
    codes = service.renew_recovery_codes(identity(), body.code, cookies.browser())
    return {**renewed("These are your new recovery codes."), "recovery_codes": codes}


@bp.post("/verify")
@requires()
@_code_limit
@bp.input(schemas.WithCode, arg_name="body")
@bp.output(Renewed)
@documented(401, 409)
def verify(body: schemas.WithCode) -> dict[str, Any]:
    """Confirm that it is you, for ten minutes, where a request was answered with 401 `second_factor_required`."""
    service.verify(identity(), body.code)
    return renewed("Confirmed")


@bp.post("/off")
@requires()
@_password_limit
@_code_limit
@bp.input(schemas.TurnOff, arg_name="body")
@bp.output(Renewed)
@documented(401, 403, 409)
def turn_off(body: schemas.TurnOff) -> dict[str, Any]:
    """Turn the second factor off."""
    service.turn_off(identity(), body.password, body.code, cookies.browser())
    return renewed("Your second factor is off")
