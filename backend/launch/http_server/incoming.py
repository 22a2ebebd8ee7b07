"""Whether the bytes received so far hold a whole request (RFC 9112, sections 2, 6 and 7.1). No input, no output.

The answer only decides when a thread begins with the request. gunicorn's own parser reads the same bytes afterwards
and refuses what is not HTTP.
"""

from __future__ import annotations

import enum
import re

MAX_HEAD_BYTES = 64 * 1024
#: A longer body than the application takes (2 MiB) is not collected: the application refuses it by its length.
MAX_BODY_BYTES = 2 * 1024 * 1024 + 64 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*(?=\r\n)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked[ \t]*\r\n", re.IGNORECASE)
_CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_MAX_CHUNK_LINE = 1024
_MAX_TRAILER_BYTES = 16 * 1024


class State(enum.Enum):
    HEAD = "the head is not complete"
    BODY = "the body is not complete"
    WHOLE = "a thread can begin"
    HEAD_TOO_LARGE = "the head is too large"


class Incoming:
    """The bytes of one request while it arrives, and perhaps of others behind it."""

    __slots__ = ("_chunk_at", "_searched", "body_at", "data", "ends_at", "expects_continue", "whole_body")

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)
        self._searched = 0
        self._chunk_at: int | None = None
        self.body_at: int | None = None
        self.ends_at: int | None = None
        self.expects_continue = False
        #: False: a thread begins although the body has not been received.
        self.whole_body = True

    def add(self, part: bytes) -> State:
        """Append what was received."""
        self.data += part
        return self.state()

    def state(self) -> State:
        """What the bytes so far amount to."""
        if self.body_at is None and not self._find_head():
            return State.HEAD_TOO_LARGE if len(self.data) > MAX_HEAD_BYTES else State.HEAD
        if self._chunk_at is not None:
            self._walk_chunks()
        if self.ends_at is not None:
            return State.WHOLE if len(self.data) >= self.ends_at else State.BODY
        if self._body_bytes() > MAX_BODY_BYTES:
            return self._begin_without_body()
        return State.BODY

    def _body_bytes(self) -> int:
        return len(self.data) - (self.body_at or 0)

    def _begin_without_body(self) -> State:
        self.whole_body = False
        self._chunk_at, self.ends_at = None, len(self.data)
        return State.WHOLE

    def _find_head(self) -> bool:
        end = self.data.find(b"\r\n\r\n", max(0, self._searched - 3))
        self._searched = len(self.data)
        if end < 0:
            return False
        self.body_at = end + 4
        head = bytes(self.data[: end + 2])
        lengths = {int(length) for length in _LENGTH.findall(head)}
        chunked = _CHUNKED.search(head) is not None
        if len(lengths) + chunked > 1 or any(length > MAX_BODY_BYTES for length in lengths):
            self._begin_without_body()  # ambiguous, which gunicorn refuses, or too large, which the application does
        elif chunked:
            self._chunk_at = self.body_at
        else:
            self.ends_at = self.body_at + sum(lengths)
        self.expects_continue = self.whole_body and _CONTINUE.search(head) is not None
        return True

    def _walk_chunks(self) -> None:
        """Step over every chunk that is there. What is no chunk is left to gunicorn, which refuses it."""
        data = self.data
        while self._chunk_at is not None and self._chunk_at < len(data):
            size = _CHUNK_SIZE.match(data, self._chunk_at)
            if size is None:
                line_ends = data.find(b"\r\n", self._chunk_at)
                if line_ends >= 0 or len(data) - self._chunk_at > _MAX_CHUNK_LINE:
                    self._begin_without_body()
                return
            if int(size[1], 16) == 0:
                self._end_at_trailer(size.end() - 2)
                return
            self._chunk_at = size.end() + int(size[1], 16) + 2

    def _end_at_trailer(self, line_ends: int) -> None:
        """The last chunk's line is followed by trailer fields, perhaps none, and an empty line."""
        end = self.data.find(b"\r\n\r\n", line_ends)
        if end >= 0:
            self._chunk_at, self.ends_at = None, end + 4
        elif len(self.data) - line_ends > _MAX_TRAILER_BYTES:
            self._begin_without_body()
