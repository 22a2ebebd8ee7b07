"""The version of a lot as an ETag (RFC 9110, section 8.8.3), and its comparison with If-Match."""

from __future__ import annotations

from typing import Any

from flask import Response

from parking.web import answer


def answer_with_etag(body: dict[str, Any], status: int = 200) -> Response:
    """The JSON answer, with the version of its lot as the ETag."""
    response = answer(body, status)
    if lot := body.get("lot"):
        response.headers["ETag"] = f'"{lot["version"]}"'
    return response


def etag_matches(if_match: str, version: int) -> bool:
    """Whether the header If-Match names this version, or any."""
    return if_match.strip() in ("*", f'"{version}"', f'W/"{version}"')
