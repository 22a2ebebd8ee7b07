"""Bookings for visitors as the contract has them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from parking.bookings import Plate, Status, TimeText
from parking.pricing import TariffOut
from parking.text import email_addresses, names
from parking.web import In, Out
from parking.web.errors.validation import wrong


class VisitorIn(In):
    """A spot for somebody without an account: from now on, or for a window."""

    name: Annotated[
        str,
        Field(max_length=200, json_schema_extra={"minLength": 1, "maxLength": names.MAX_USERNAME}),
        AfterValidator(names.username),
    ]
    email: (
        Annotated[
            str,
            Field(
                max_length=320,
                description="Gets the confirmation with a calendar file, and a link to see and cancel the booking",
                json_schema_extra={"format": "email", "examples": ["visitor@example.com"]},
            ),
            AfterValidator(email_addresses.stored),
        ]
        | None
    ) = None
    vehicle_plate: Plate | None = None
    reserved_start: TimeText | None = None
    reserved_end: TimeText | None = None
    locale: (
        Annotated[
            Literal["en", "de"], Field(description="The language of the visitor's mails; without it, the caller's")
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _whole_window(self) -> Self:
        """One end alone is a mistake: nobody is to park from now on who was meant to come tomorrow."""
        for name, other in (("reserved_start", "reserved_end"), ("reserved_end", "reserved_start")):
            if getattr(self, name) is None and getattr(self, other) is not None:
                raise wrong(name, "Please give both the start and the end of the time, or neither.")
        return self


class LinkIn(In):
    token: Annotated[str, StringConstraints(max_length=200), Field(description="What follows #token= in the link")]


class VisitorBookingOut(Out):
    """A booking as its visitor sees it."""

    reference: str
    visitor_name: str
    lot_name: str
    lot_address: str | None
    lot_timezone: str
    spot_number: int
    booking_type: Literal["instant", "reserved"]
    status: Status
    start_time: datetime
    end_time: datetime | None
    reserved_start: datetime | None
    reserved_end: datetime | None
    held_until: datetime | None
    checkin_deadline: datetime | None
    vehicle_plate: str | None
    currency: str
    tariff: TariffOut
    total_cost: Annotated[float, Field(description="The final cost; the window's price while Reserved; 0 while Active")]
    host_name: Annotated[str | None, Field(description="The driver whose guest it is, who pays; null: staff booked")]
    can_cancel: bool


class VisitorBookingEnvelope(Out):
    booking: VisitorBookingOut


class VisitorCancelledOut(VisitorBookingEnvelope):
    message: str
