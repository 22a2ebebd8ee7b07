"""Bodies and answers about accounts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

import timezones
from parking.accounts import names
from parking.csv_writer import Format
from parking.money import MoneyOut
from parking.spot_features import Feature, NeedsIn
from parking.web import Day, In, Out, Query
from parking.web.errors.validation import wrong

RoleName = Literal["user", "admin"]
Locale = Literal["en", "de"]
Theme = Literal["system", "light", "dark"]
Email = Annotated[
    str,
    Field(max_length=320, json_schema_extra={"format": "email", "examples": ["alice@example.com"]}),
    AfterValidator(names.email),
]
SoughtEmail = Annotated[str, Field(max_length=320, description="An email address; it may match no account.")]
Username = Annotated[str, Field(max_length=200, json_schema_extra={"minLength": 1, "maxLength": names.MAX_USERNAME})]
Password = Annotated[str, Field(max_length=4096, json_schema_extra={"format": "password"})]
NewPassword = Annotated[str, Field(max_length=4096, json_schema_extra={"format": "password", "minLength": 6})]
Plate = Annotated[str, Field(max_length=40)]
Secret = Annotated[str, Field(max_length=200, description="The token in the link.")]


def _optional_username(given: str | None) -> str | None:
    return names.username(given) if given and given.strip() else None


class _NewAccount(In):
    email: Email
    password: NewPassword
    locale: Annotated[Locale, Field(description="The language of the account's pages and mails.")] = "en"


class Register(_NewAccount):
    username: Annotated[
        Annotated[str, Field(max_length=200, json_schema_extra={"maxLength": names.MAX_USERNAME})] | None,
        Field(description="Empty or absent: the part of the address before the @, made unique."),
        AfterValidator(_optional_username),
    ] = None


class Setup(_NewAccount):
    username: Annotated[Username, AfterValidator(names.username)]
    token: Secret


class Login(In):
    email: SoughtEmail
    password: Password
    username: Annotated[str, Field(max_length=200)] | None = Field(default=None, description="Ignored.")
    code: Annotated[str, Field(max_length=40)] | None = Field(
        default=None,
        description="Of an account with a second factor: the code of its app, or a recovery code. Without one the "
        "answer is 401 `second_factor_required`.",
    )


class Forgot(In):
    email: SoughtEmail


class Reset(In):
    token: Secret
    password: NewPassword


class ChangePassword(In):
    current_password: Password
    new_password: NewPassword


class ChangeEmail(In):
    email: Email
    password: Password


class Token(In):
    token: Secret


class Confirmed(In):
    password: Password


class ProfileChange(In):
    """Only the fields that are sent are changed. Null `timezone`: the operator's; null `locale`: English."""

    username: Annotated[Username, Field(default_factory=str), AfterValidator(names.username)]
    timezone: (
        Annotated[str, Field(max_length=64, json_schema_extra=timezones.DOCUMENTED), AfterValidator(timezones.checked)]
        | None
    ) = None
    locale: Locale | None = None
    theme: Annotated[Theme, Field(default_factory=lambda: "system")]
    csv_format: Annotated[Format, Field(default_factory=lambda: "auto", description="How your CSV files are written")]
    plates: Annotated[list[Plate], Field(max_length=50, default_factory=list), AfterValidator(names.plates)]
    needs: Annotated[
        NeedsIn,
        Field(default_factory=list, description="Features of a spot that you usually need; pages begin with them"),
    ]
    mail_preferences: Annotated[dict[str, bool], Field(max_length=50, default_factory=dict)]

    @field_validator("locale")
    @classmethod
    def _default_locale(cls, value: str | None) -> str:
        return value or "en"

    def named_fields(self) -> dict[str, Any]:
        """What the caller named."""
        return self.model_dump(include=self.model_fields_set)


class UserChange(In):
    """Only the fields that are sent are changed."""

    active: bool | None = None
    roles: Annotated[list[RoleName], Field(min_length=1, max_length=2)] | None = None


class UserFilters(Query):
    """Filters of the list of users."""

    q: Annotated[str, Field(max_length=100, description="A part of the name or address.")] | None = None
    role: RoleName | None = None
    active: bool | None = None
    created_from_day: Day | None = Field(
        default=None, description="With created_to_day: accounts created on these days, in the operator's time zone"
    )
    created_to_day: Day | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        first, last = self.created_from_day, self.created_to_day
        if (first is None) != (last is None):
            raise wrong("created_from_day", "Please give both the first and the last day.")
        if first and last and not date(1971, 1, 1) <= first <= last <= date(9000, 1, 1):
            raise wrong("created_from_day", "The first day must be 1971 or later, and not after the last day.")
        return self


class UserList(UserFilters):
    """The list of users."""

    order: Literal["newest", "oldest", "name", "name_descending"] = Field(
        default="newest", description="By the creation of the account, or by name"
    )
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    cursor: Annotated[str, Field(max_length=500)] | None = None


class OwnLotRole(Out):
    """A lot in which the account works, and its role there."""

    lot_id: int
    lot_name: str
    role: Literal["viewer", "attendant", "manager"]


class User(Out):
    id: int
    email: str
    username: str
    roles: list[RoleName]
    lot_roles: Annotated[list[OwnLotRole], Field(description="The lots to whose staff the account belongs, by name")]
    active: bool
    email_confirmed: Annotated[bool, Field(description="Whether a link that was sent to the address has been used")]
    must_set_up_second_factor: Annotated[
        bool, Field(description="Whether the operator wants a second factor, which the account does not have yet")
    ]
    timezone: str | None
    locale: Locale
    theme: Theme
    csv_format: Format
    plates: list[str]
    needs: list[Feature]
    mail_preferences: dict[str, bool]
    created_at: datetime


class UserAnswer(Out):
    user: User


class Renewed(Out):
    """The session has been renewed: the token before, and its refresh cookie, no longer work."""

    message: str
    token: str
    expires_in: Annotated[int, Field(description="Seconds for which the token is valid.")]


class SignedIn(Out):
    message: str
    user: User
    token: str
    expires_in: Annotated[int, Field(description="Seconds for which the token is valid.")]


class Session(Out):
    id: int
    created_at: datetime
    last_used_at: datetime
    user_agent: str | None
    ip: str | None
    current: bool


class Sessions(Out):
    sessions: list[Session]


class ListedUser(Out):
    """Totals have their currency beside them. `active_bookings` counts Active and Reserved bookings."""

    id: int
    email: str
    username: str
    roles: list[RoleName]
    active: bool
    created_at: datetime
    last_booking_at: datetime | None
    active_bookings: int
    total_bookings: int
    total_spent: MoneyOut
    currency: str


class Users(Out):
    """`deleted`: how many of the accounts created on the given days have been deleted; they are not listed."""

    users: list[ListedUser]
    next: str | None
    total: int
    deleted: int | None


class ListedUserAnswer(Out):
    message: str | None = None
    user: ListedUser


class SignIns(Out):
    """Browsers that stay signed in without the password."""

    count: int
    last_used_at: datetime | None
    second_factor: Annotated[bool, Field(description="Whether signing in asks for a code as well")]


class SignInsAnswer(Out):
    sign_ins: SignIns


class SignedOut(Out):
    message: str
    ended: Annotated[int, Field(description="Number of browsers that were signed out.")]
