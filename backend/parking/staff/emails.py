"""The mail to somebody whose role in a lot was given, changed or withdrawn."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from parking import clock, mail
from parking.accounts import User, recipient
from parking.mail import Button, Detail, Details, Formatter, Message, Paragraph, Summary
from parking.staff.roles import LotRole
from parking.timestamps import to_rfc3339


class RoleChange(TypedDict):
    """`role` None: it was withdrawn; `before` None: it is the first."""

    lot: str
    role: LotRole | None
    before: NotRequired[LotRole | None]
    at: mail.Instant


Change = Literal["given", "changed", "withdrawn"]


def _change(context: RoleChange) -> Change:
    if context["role"] is None:
        return "withdrawn"
    return "changed" if context.get("before") else "given"


def _subject(context: RoleChange, fmt: Formatter) -> str:
    change = _change(context)
    return fmt.t.subject(f"lot_role_changed.subject_{change}", lot=context["lot"], role=_role(context, fmt))


def _role(context: RoleChange, fmt: Formatter) -> str:
    role = context["role"] or context.get("before")
    return fmt.t(f"lot_role_changed.{role}") if role else ""


def _sample() -> dict[str, Any]:
    return {"lot": "Harbour Street Garage", "role": "attendant", "before": None, "at": "2026-11-23T10:00:00Z"}


@mail.register("lot_role_changed", context=RoleChange, subject=_subject, sample=_sample, daily_limit="account")
def role_message(context: RoleChange, fmt: Formatter) -> Message:
    """Tells somebody which role they have in a lot from now on."""
    t, change, lot = fmt.t, _change(context), context["lot"]
    rows = [Detail(t("common.lot"), lot)]
    if context["role"]:
        rows.append(Detail(t("lot_role_changed.role"), _role(context, fmt)))
    rows.append(Detail(t("common.when"), fmt.own_moment(context["at"])))
    meaning = [Paragraph(t(f"lot_role_changed.{context['role']}_may"))] if context["role"] else []
    button = [Button(t("lot_role_changed.button"), fmt.page("/admin/lots"))] if context["role"] else []
    return Message(
        preheader=t.preheader(f"lot_role_changed.preheader_{change}", lot=lot, role=_role(context, fmt)),
        summary=Summary(title=t(f"lot_role_changed.title_{change}", lot=lot, role=_role(context, fmt))),
        blocks=(*meaning, Details(tuple(rows)), *button),
        reason=t("why.account", site=fmt.site_name),
    )


def role_changed(session: Session, user: User, lot: str, before: str | None, after: str | None) -> None:
    """Queues the notice."""
    context = {"lot": lot, "before": before, "role": after, "at": to_rfc3339(clock.now())}
    mail.queue(session, "lot_role_changed", recipient(user), context)
