"""Accounts: users, their roles and sessions, registration and sign-in."""

from __future__ import annotations

from datetime import timedelta

from apiflask import APIFlask
from flask import Flask
from flask_security.core import Security
from flask_security.datastore import SQLAlchemyUserDatastore

from parking import audit
from parking.accounts import guess_limits, queries, routes, setup
from parking.accounts.account_changes import (
    create_placeholder,
    create_user,
    sign_everybody_out,
    stop_access_tokens,
    visitors_account,
)
from parking.accounts.admin import cli, duplicates_report
from parking.accounts.admin import routes as admin_routes
from parking.accounts.admin.duplicates_report import describe_duplicates
from parking.accounts.admin.service import conditions as user_conditions
from parking.accounts.emails import recipient
from parking.accounts.hooks import (
    BookingSummary,
    lot_of_booking,
    register_blocker,
    register_booking_summaries,
    register_enabled,
    register_eraser,
    register_lot_roles,
    register_lots,
)
from parking.accounts.models import LoginSession, Role, SingleUse, User, user_roles
from parking.accounts.profile import profile_view
from parking.accounts.queries import credentials as find_by_email
from parking.accounts.queries import get_user
from parking.accounts.queries import keep as keep_accounts
from parking.accounts.schemas import User as UserSchema
from parking.accounts.schemas import UserFilters
from parking.accounts.second_factor import routes as second_factor_routes
from parking.accounts.second_factor.service import require_fresh as require_fresh_factor
from parking.accounts.sessions import access_tokens
from parking.accounts.sessions.browser_sessions import count_session_ips, erase_session_ips
from parking.accounts.tokens import routes as token_routes
from parking.accounts.tokens import store as token_store
from parking.accounts.tokens.models import ApiToken
from parking.database import db
from parking.web import identify_with
from parking.web.logs import foreign_access

__all__ = [
    "ApiToken",
    "BookingSummary",
    "LoginSession",
    "Role",
    "SingleUse",
    "User",
    "UserFilters",
    "UserSchema",
    "at_start",
    "count_session_ips",
    "create_placeholder",
    "create_user",
    "describe_duplicates",
    "erase_session_ips",
    "find_by_email",
    "get_user",
    "init_app",
    "keep_accounts",
    "lot_of_booking",
    "profile_view",
    "recipient",
    "register_blocker",
    "register_booking_summaries",
    "register_enabled",
    "register_eraser",
    "register_lot_roles",
    "register_lots",
    "require_fresh_factor",
    "sign_everybody_out",
    "stop_access_tokens",
    "user_conditions",
    "user_roles",
    "visitors_account",
]


def init_app(app: APIFlask) -> None:
    """Sets up Flask-Security (accounts, roles, password hashing), access tokens, routes and commands."""
    _init_security(app)
    identify_with(app, access_tokens.identify)
    audit.register_names("user", queries.names_of, queries.ids_named)
    audit.register_names("login_session", queries.names_of_sessions)
    audit.register_names("api_token", token_store.names_of)
    foreign_access.register_owned("session_id", "login_session", LoginSession)
    foreign_access.register_owned("token_id", "api_token", ApiToken)
    guess_limits.init_app(app)
    app.register_blueprint(routes.bp)
    app.register_blueprint(second_factor_routes.bp)
    app.register_blueprint(token_routes.bp)
    app.register_blueprint(admin_routes.bp)
    app.cli.add_command(cli.group)
    app.cli.add_command(cli.names_group)


def _init_security(app: APIFlask) -> None:
    """Flask-Security, for its models and its password hashing.

    The hooks that it puts around each request (flask-login, flask-principal: 0.06 of 0.35 ms) stay on an application
    that serves nothing, because `web.auth` reads the caller.
    """
    configured = app.extensions["settings"]
    host = Flask("accounts")
    host.config.update(
        SECRET_KEY=app.config["SECRET_KEY"],
        SECURITY_PASSWORD_SALT=configured.security_password_salt,
        SECURITY_PASSWORD_HASH="bcrypt",  # noqa: S106 - the name of an algorithm
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={"bcrypt__default_rounds": configured.bcrypt_rounds},
        SECURITY_HASHING_SCHEMES=["hex_sha256"],
        SECURITY_DEPRECATED_HASHING_SCHEMES=[],
        SECURITY_TOKEN_MAX_AGE=timedelta(minutes=15),
    )
    security = Security(host, SQLAlchemyUserDatastore(db, User, Role), register_blueprint=False)
    app.config.update(host.config.get_namespace("SECURITY_", lowercase=False, trim_namespace=False))
    app.extensions["security"] = security


def at_start() -> list[str]:
    """Lines for the operator at start: how to become the first administrator, and names that several rows share."""
    return [*setup.ensure_first_admin(), *duplicates_report.at_start()]
