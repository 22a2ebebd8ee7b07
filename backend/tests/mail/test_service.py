"""The service: secrets in previews, deletion, states, attached files."""

from sqlalchemy import text

from parking import clock, mail
from parking.database import db, transaction
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery
from tests.mail.conftest import as_recipient, put, states


def test_a_reset_link_is_erased_when_its_mail_has_ended(app, sink):
    row = put("password_reset")
    delivery.deliver_due()
    assert "token=sample" in sink.accepted[0].message.get_body(("plain",)).get_content()
    stored = db.session.get(OutboxMail, row.id)
    assert "token" not in str(stored.facts)
    assert "token=sample" not in mail.preview(stored).text


def test_a_reset_link_is_hidden_from_the_administrator_while_it_waits(app):
    row = put("password_reset")
    preview = mail.preview(db.session.get(OutboxMail, row.id))
    assert "token=sample" not in preview.text + preview.html
    assert "token=sample" in str(row.facts)


def test_deleting_a_user_deletes_mails_and_preferences(app, alice, sink):
    put("release_receipt", as_recipient(alice))
    delivery.deliver_due()
    put("test_message", as_recipient(alice), context={})
    with transaction() as session:
        mail.set_preferences(session, alice.id, {"inactivity_reminder": False})
        assert mail.delete_user(session, alice.id) == 2
    assert states() == {}
    left = db.session.execute(text("SELECT count(*) FROM mail_preference")).scalar()
    assert left == 0


def test_health_tells_how_long_the_oldest_mail_waits(app):
    assert mail.health(db.session())["oldest_unsent_seconds"] is None
    put()
    clock.travel(90)
    health = mail.health(db.session())
    assert (health["oldest_unsent_seconds"], health["queued"], health["failed"]) == (90, 1, 0)


def test_the_page_can_say_whether_a_confirmation_was_sent(app, sink):
    put(booking_id=1)
    delivery.deliver_due()
    put(booking_id=2)
    assert mail.latest_states(db.session(), "booking_confirmation", [1, 2, 3]) == {1: "sent", 2: "queued"}


def test_attached_files_come_from_the_export_folder_only(app, settings, sink):
    folder = settings.export_dir / "user_1"
    folder.mkdir(parents=True)
    (folder / "bookings.csv").write_text("a,b\r\n")
    (settings.export_dir.parent / "secret.txt").write_text("secret")
    (folder / "link.csv").symlink_to(settings.export_dir.parent / "secret.txt")
    (folder / "big.csv").write_bytes(b"x" * (mail.MAX_ATTACHMENT_BYTES + 1))
    good = {"filename": "bookings.csv", "mimetype": "text/csv", "path": "user_1/bookings.csv"}
    put("export_ready", attachments=[good])
    assert delivery.deliver_due().sent == 1
    (part,) = sink.accepted[0].message.iter_attachments()
    assert part.get_content() == "a,b\n" or part.get_payload(decode=True) == b"a,b\r\n"
    wrong = ["../secret.txt", "/etc/passwd", "user_1/../../secret.txt", "user_1/link.csv", "user_1/gone.csv"]
    for path in [*wrong, "user_1/big.csv"]:
        put("export_ready", attachments=[{**good, "path": path}])
    assert delivery.deliver_due().failed == 6
    assert len(sink.accepted) == 1
