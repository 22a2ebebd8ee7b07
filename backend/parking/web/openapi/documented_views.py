"""What a view tells the OpenAPI document beyond its types."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])


def documented(
    *problems: int,
    takes: Iterable[str] = (),
    gives: Iterable[str] = (),
    reads: str | None = None,
    also: dict[int, type[BaseModel]] | None = None,
    bearer: Literal["optional"] | None = None,
) -> Callable[[View], View]:
    """Adds to the OpenAPI description of a view.

    `problems`: further problem statuses; `takes`: request headers (`Idempotency-Key`, `If-Match`); `gives`: response
    headers (`ETag`); `reads`: the media type of a body that is not JSON; `also`: successful answers beside `output`
    (a dry run); `bearer="optional"`: a token may be sent.

    Added without it: 400, 413, 415, 422 for a body; 401, 403 for `requires`; 404 for an id in the path; 429 for a
    rate limit; 503.
    """

    def decorate(view: View) -> View:
        spec = view.__dict__.setdefault("_spec", {})
        spec["problems"] = {*spec.get("problems", ()), *problems}
        spec["takes"] = (*spec.get("takes", ()), *takes)
        spec["gives"] = (*spec.get("gives", ()), *gives)
        spec["reads"] = reads or spec.get("reads")
        spec["bearer"] = bearer or spec.get("bearer")
        spec["also"] = {**spec.get("also", {}), **(also or {})}
        return view

    return decorate
