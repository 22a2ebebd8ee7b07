"""What the addresses of API tokens take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from parking.accounts import names
from parking.accounts.tokens.scopes import Scope
from parking.web import MAX_INTEGER, In, Out

MAX_LOTS = 100
LotId = Annotated[int, Field(ge=1, le=MAX_INTEGER)]


class NewApiToken(In):
    name: Annotated[
        str,
        Field(
            max_length=200,
            description="A name by which you recognise the token, among yours only once.",
            json_schema_extra={"minLength": 1, "maxLength": names.MAX_TOKEN_NAME, "examples": ["Display at the gate"]},
        ),
        AfterValidator(names.token_name),
    ]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=20, description="What the token may be used for.")]
    lot_ids: Annotated[
        Annotated[list[LotId], Field(min_length=1, max_length=MAX_LOTS)] | None,
        Field(description="Limits the token to these lots. Without it: all lots."),
    ] = None
    expires_at: Annotated[
        Annotated[str, Field(max_length=40, json_schema_extra={"format": "date-time"})] | None,
        Field(description="When the token ends; without an offset in UTC. Without it: when you revoke it."),
    ] = None


class ApiToken(Out):
    """An API token without its secret. `last_used_at` is exact to the hour."""

    id: int
    name: str
    scopes: list[Scope]
    lot_ids: list[int] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class ApiTokens(Out):
    tokens: list[ApiToken]


class CreatedApiToken(ApiToken):
    """An API token with its secret, which is shown this once."""

    token: str
