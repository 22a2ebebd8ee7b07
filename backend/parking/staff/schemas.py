"""What the addresses of lot staff take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from parking.staff.roles import LotRole
from parking.web import In, Out

_Email = Annotated[str, Field(min_length=1, max_length=320)]


class StaffRole(In):
    """The role of a user in a lot."""

    role: LotRole
    email: _Email | None = Field(
        default=None,
        description="The address of the account, in full. A manager has to send it with somebody who is not on the "
        "staff of the lot yet: so nobody learns from numbers who has an account. Administrators may leave it out.",
    )


class PersonSearch(In):
    email: _Email = Field(description="The address of the account, in full")


class Person(Out):
    """An account that may join the staff."""

    id: int
    email: str
    username: str


class PersonAnswer(Out):
    user: Person


class StaffMember(Out):
    """A user on the staff of a lot. `active`: whether the account may sign in; `since`: when they joined."""

    user_id: int
    username: str
    email: str
    active: bool
    role: LotRole
    since: datetime


class StaffList(Out):
    staff: list[StaffMember]


class StaffSaved(StaffList):
    message: str
