"""What the addresses of the second factor take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from parking.accounts.schemas import Password, Renewed
from parking.web import In, Out

Code = Annotated[str, Field(min_length=1, max_length=40, description="A code of the app, or a recovery code")]


class Begin(In):
    password: Password


class WithCode(In):
    code: Code


class TurnOff(In):
    password: Password
    code: Code


class State(Out):
    """`required`: the operator wants a second factor of this account."""

    on: bool
    since: datetime | None
    required: bool
    recovery_codes_left: int


class StateAnswer(Out):
    second_factor: State


class Begun(Renewed):
    """What an authenticator app needs: `uri` is what `qr` (an SVG) shows, `secret` the same to be typed in."""

    secret: str
    uri: str
    qr: str


class RecoveryCodes(Renewed):
    """They are shown this once."""

    recovery_codes: list[str]
