"""The version of a lot as an ETag (RFC 9110, section 8.8.3), and its comparison with If-Match."""

from __future__ import annotations

from flask import Response


def with_etag(response: Response) -> Response:
    """Adds the version of the answered lot as the ETag."""
    lot = (response.get_json() or {}).get("lot")
    if lot:
        response.headers["ETag"] = f'"{lot["version"]}"'
    return response


def etag_matches(if_match: str, version: int) -> bool:
    """Whether the header If-Match names this version, or any."""
    return if_match.strip() in ("*", f'"{version}"', f'W/"{version}"')
