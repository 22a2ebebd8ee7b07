"""Routes: the outbox for administrators, previews of every template, and unsubscribing."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, make_response, render_template, request, send_from_directory

from parking.database import db
from parking.mail import service
from parking.mail.i18n import LANGUAGES, Texts, language
from parking.mail.outbox.queue import Recipient
from parking.mail.registry import TEMPLATES
from parking.mail.schemas import (
    Email,
    EmailDetail,
    EmailDone,
    EmailOut,
    EmailQuery,
    EmailsOut,
    KindOut,
    KindsOut,
    PreviewEnvelope,
    PreviewQuery,
    Release,
)
from parking.mail.unsubscribe import BadToken
from parking.settings import current
from parking.text.counting import counted
from parking.web import Message, documented, identity, pagination, requires

mail_bp = APIBlueprint("mail", __name__, tag="Mail", template_folder="templates", static_folder=None)


@mail_bp.get("/api/admin/emails")
@requires("admin")
@mail_bp.input(EmailQuery, location="query")
@mail_bp.output(EmailsOut)
def list_emails(query_data: EmailQuery) -> dict[str, Any]:
    """All emails of the outbox, newest first unless `order` says otherwise."""
    last_id = pagination.decode(query_data.cursor, int)[0] if query_data.cursor is not None else None
    oldest_first = query_data.order == "oldest"
    mails, more = service.page(db.session(), query_data.filters(), query_data.limit, last_id, oldest_first=oldest_first)
    return {
        "emails": [Email.of(mail) for mail in mails],
        "next": pagination.encode(more) if more else None,
        "counts": service.counts(db.session()),
        "outbox": service.health(db.session()),
    }


@mail_bp.get("/api/admin/emails/<int:mail_id>")
@requires("admin")
@mail_bp.output(EmailOut)
def get_email(mail_id: int) -> dict[str, Any]:
    """One email with its text, HTML and headers. Secret links are not shown."""
    mail = service.get(db.session(), mail_id)
    return {"email": EmailDetail.from_preview(mail, service.preview(mail))}


@mail_bp.post("/api/admin/emails/<int:mail_id>/retry")
@requires("admin")
@documented(409)
@mail_bp.output(EmailDone)
def retry_email(mail_id: int) -> dict[str, Any]:
    """Queue a failed, discarded or waiting email again, from its first attempt."""
    mail = service.retry(mail_id)
    return {"message": f"The email is queued again.{service.waiting_note()}", "email": Email.of(mail)}


@mail_bp.post("/api/admin/emails/<int:mail_id>/discard")
@requires("admin")
@documented(409)
@mail_bp.output(EmailDone)
def discard_email(mail_id: int) -> dict[str, Any]:
    """Discard an email: it is never sent."""
    mail = service.discard(mail_id)
    return {"message": "The email will not be sent.", "email": Email.of(mail)}


@mail_bp.post("/api/admin/emails/resume")
@requires("admin")
@mail_bp.output(Message)
def resume_delivery() -> dict[str, Any]:
    """End the pause after refused logins."""
    service.resume()
    return {"message": "Delivery continues."}


@mail_bp.post("/api/admin/emails/release")
@requires("admin")
@documented(409)
@mail_bp.input(Release)
@mail_bp.output(Message)
def release_held(json_data: Release) -> dict[str, Any]:
    """Send email and make reports again after a restore; the emails that waited are sent, or discarded."""
    count = service.release(discard=json_data.discard)
    fate = "discarded" if json_data.discard else "sent now"
    return {"message": f"Email is sent again. {counted(count, 'waiting email')} will be {fate}."}


@mail_bp.get("/api/admin/emails/kinds")
@requires("admin")
@mail_bp.input(PreviewQuery, location="query")
@mail_bp.output(KindsOut)
def list_kinds(query_data: PreviewQuery) -> dict[str, Any]:
    """All kinds of email."""
    t = Texts(query_data.locale)
    return {
        "kinds": [
            KindOut(kind=template.name, label=t(f"kinds.{template.name}"), category=template.category)
            for template in TEMPLATES.values()
        ]
    }


@mail_bp.get("/api/admin/emails/preview/<kind>")
@requires("admin")
@mail_bp.input(PreviewQuery, location="query")
@mail_bp.output(PreviewEnvelope)
def preview_kind(kind: str, query_data: PreviewQuery) -> PreviewEnvelope:
    """A kind of email with sample data."""
    who = identity()
    return PreviewEnvelope.of(kind, service.sample(kind, query_data.locale, who.timezone or current().timezone))


@mail_bp.post("/api/admin/emails/preview/<kind>/send")
@requires("admin")
@mail_bp.input(PreviewQuery, location="query")
@mail_bp.output(Message, status_code=202)
def send_sample(kind: str, query_data: PreviewQuery) -> dict[str, Any]:
    """Send this kind with sample data to the administrator who asks."""
    who = identity()
    to = Recipient(who.email, who.username, query_data.locale, who.timezone or current().timezone, who.id, True)
    mail = service.queue_sample(kind, to)
    if mail.state == "suppressed":
        return {"message": "You have turned off this kind of email."}
    return {"message": f"Queued for {who.email}.{service.waiting_note()}"}


# unsubscribing: no login, the token is the authority ---------------------------------------


@mail_bp.get("/unsubscribe/<token>")
@mail_bp.doc(hide=True)
def ask_unsubscribe(token: str) -> Response:
    """A page that asks for confirmation. It changes nothing, because programs follow links."""
    try:
        _, template = service.token_subject(db.session(), token)
    except BadToken:
        return _page("bad", 404)
    return _page("ask", 200, template=template, token=token)


@mail_bp.post("/unsubscribe/<token>")
@mail_bp.doc(hide=True)
def do_unsubscribe(token: str) -> Response:
    """Unsubscribe at once: from the button of the page, or from a mail program (RFC 8058)."""
    try:
        _, template = service.unsubscribe_by_token(token)
    except BadToken:
        return _page("bad", 404)
    return _page("done", 200, template=template)


@mail_bp.get("/unsubscribe/style.css")
@mail_bp.doc(hide=True)
def unsubscribe_style() -> Response:
    """The stylesheet of the page; the content security policy allows no inline styles."""
    return send_from_directory(f"{mail_bp.root_path}/templates", "unsubscribe.css", max_age=86_400)


def _page(name: str, status: int, *, template: str = "", token: str = "") -> Response:
    settings = current()
    t = Texts(language(request.accept_languages.best_match(LANGUAGES)))
    label = t(f"kinds.{template}") if template else ""
    html = render_template(
        "unsubscribe.html", t=t, page=name, kind=label, token=token, site=settings.site_name, home=settings.public_url
    )
    answer = make_response(html, status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
