"""Accounts: who may sign in, as what, and for how long."""

from __future__ import annotations

from datetime import timedelta

from apiflask import APIFlask
from flask_security.core import Security
from flask_security.datastore import SQLAlchemyUserDatastore

from parking import settings
from parking.accounts import guess_limits, routes, service
from parking.accounts.admin import cli, duplicates_report
from parking.accounts.admin import routes as admin_routes
from parking.accounts.models import Role, User
from parking.accounts.sessions import access_tokens
from parking.database import db


def init_app(app: APIFlask) -> None:
    """Flask-Security for accounts, roles and password hashing; tokens and routes are ours."""
    with app.app_context():
        chosen = settings.current()
    app.config.update(
        SECURITY_PASSWORD_SALT=chosen.security_password_salt,
        SECURITY_PASSWORD_HASH="bcrypt",  # noqa: S106 - the name of an algorithm
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={"bcrypt__default_rounds": chosen.bcrypt_rounds},
        SECURITY_HASHING_SCHEMES=["hex_sha256"],
        SECURITY_DEPRECATED_HASHING_SCHEMES=[],
        SECURITY_TOKEN_MAX_AGE=timedelta(minutes=15),
        REMEMBER_COOKIE_NAME="__not_used",  # or flask-login would let any cookie of that name hide the bearer token
    )
    Security(app, SQLAlchemyUserDatastore(db, User, Role), register_blueprint=False)
    app.login_manager.request_loader(access_tokens.identify)  # type: ignore[attr-defined]  # set by Flask-Security
    guess_limits.init_app(app)
    app.register_blueprint(routes.bp)
    app.register_blueprint(admin_routes.bp)
    app.cli.add_command(cli.group)
    app.cli.add_command(cli.names_group)


def at_start() -> list[str]:
    """What the operator must read once the database is up to date: how to become the first administrator, and names
    that two accounts or lots share."""
    return [*service.ensure_first_admin(), *duplicates_report.at_start()]
