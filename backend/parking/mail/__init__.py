"""Mail: what is said (kinds), how it looks (render), how it arrives (outbox, delivery, smtp).

The lowest domain: it knows no users, lots or bookings, only the facts it is handed.
"""

from __future__ import annotations

from apiflask import APIFlask


def init_app(app: APIFlask) -> None:
    """Puts the mail's routes and commands on the application."""
    from parking.mail.cli import mail_cli
    from parking.mail.routes import mail_bp

    app.register_blueprint(mail_bp)
    app.cli.add_command(mail_cli)
