"""The MIME message of a mail, written as bytes (RFC 2045, 2046).

The library's EmailMessage parses every header it is given, for each part: 4 ms a mail, against 0.1 ms here. It still
writes attached files, whose names may need RFC 2231.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from parking.mail.smtp.addresses import header_text

_FILES = SMTP.clone(cte_type="7bit", max_line_length=76)


@dataclass(frozen=True, slots=True)
class Attachment:
    filename: str
    mimetype: str
    data: bytes


def message(headers: str, bodies: Sequence[bytes], attached: Sequence[bytes], message_id: str, language: str) -> bytes:
    """The whole message. `headers` are its own, folded; `bodies` say the same in several formats, the best last;
    `attached` are further parts. The boundaries come from the Message-ID, so that the same mail has the same bytes."""
    seed = re.sub(r"[^A-Za-z0-9]", "", message_id)[:40]
    last = f"Content-Language: {language}\r\n"
    if attached:
        bodies_part = _multipart("alternative", bodies, f"=_{seed}_1")
        content = _multipart("mixed", (bodies_part, *attached), f"=_{seed}_0", last)
    else:
        content = _multipart("alternative", bodies, f"=_{seed}_0", last)
    return f"{headers}MIME-Version: 1.0\r\n".encode() + content


def text(subtype: str, content: str) -> bytes:
    """A part of text, quoted-printable: lines of at most 76 ASCII characters."""
    lines = b"\r\n".join([*content.encode().splitlines(), b""]) or b"\r\n"  # b2a_qp breaks lines as the first one ends
    return _part(f'text/{subtype}; charset="utf-8"', "quoted-printable", b2a_qp(lines))


def calendar(entry: str, method: str) -> bytes:
    """A calendar entry, which mail programs file or answer (RFC 6047, 2.4)."""
    return _part(_calendar_type(method), "base64", _base64(entry.encode()))


def calendar_file(entry: str, method: str, filename: str) -> bytes:
    """A calendar entry as an attached file; its name is plain ASCII."""
    disposition = f'Content-Disposition: attachment; filename="{filename}"\r\n'
    return _part(_calendar_type(method), "base64", _base64(entry.encode()), disposition)


def attachment(file: Attachment) -> bytes:
    main, _, sub = file.mimetype.partition("/")
    name = header_text(file.filename).replace("/", "_").replace("\\", "_")
    params = {"charset": "utf-8"} if main == "text" else {}
    part = EmailMessage(policy=_FILES)
    part.set_content(
        file.data,
        maintype=main,
        subtype=sub or "octet-stream",
        disposition="attachment",
        filename=name,
        params=params,
    )
    return part.as_bytes()


def _calendar_type(method: str) -> str:
    return f'text/calendar; charset="utf-8"; method="{method}"'


def _base64(data: bytes) -> bytes:
    return encodebytes(data).replace(b"\n", b"\r\n")


def _part(content_type: str, encoding: str, content: bytes, more: str = "") -> bytes:
    headers = f"Content-Type: {content_type}\r\n{more}Content-Transfer-Encoding: {encoding}\r\n\r\n"
    return headers.encode() + content


def _multipart(subtype: str, parts: Sequence[bytes], boundary: str, more: str = "") -> bytes:
    """A part that holds others. None of these has a line that begins like the boundary: base64 has no "_", and
    quoted-printable writes "=" only before a hexadecimal number or the end of a line."""
    mark = f"--{boundary}".encode()
    headers = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n{more}\r\n'.encode()
    return headers + b"".join(b"%b\r\n%b\r\n" % (mark, part) for part in parts) + mark + b"--\r\n"
