"""Headers on the wire: lines of at most 76 characters, encoded words of at most 75 (RFC 2047, RFC 5322).

The library's own folding splits long tokens (a Message-ID, a link) into encoded words where nobody decodes them, and
without a line length it writes encoded words of any length. So each header is folded here by what it holds.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable, Iterator

from parking.mail.smtp.addresses import Mailbox, quoted

LINE_LENGTH = 76
WORD_LENGTH = 75
_BASE64, _QUOTED = ("=?utf-8?b?", "?="), ("=?utf-8?q?", "?=")
_SPARE = len(_BASE64[0]) + len(_BASE64[1])
# The only characters that stand for themselves everywhere, also in the name before an address (RFC 2047, section 5).
_PLAIN_IN_Q = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_JOINER = "\u200d"


def text(name: str, value: str) -> str:
    """A header of words, like Subject, folded."""
    return _joined(f"{name}:", _words(value))


def mailbox(name: str, value: Mailbox) -> str:
    """A header with one address, like To, folded. It is UTF-8 only where a local part is not ASCII, which goes to
    servers with SMTPUTF8 alone (RFC 6532)."""
    bare = f"<{value.addr_spec}>" if value.display_name else value.addr_spec
    return _joined(f"{name}:", [*_phrase(value.display_name), bare])


def token(name: str, value: str) -> str:
    """A header that holds tokens or links: one line, whatever its length. Raises ValueError for what is none."""
    if not value.isprintable():
        raise ValueError(f"{name} has a character that no header can have")
    return f"{name}: {value}\r\n"


Piece = str | Callable[[int], Iterator[str]]
"""A token that stays whole, or text to encode: called with the room left on the line, it gives encoded words."""


def _joined(start: str, pieces: list[Piece]) -> str:
    """The header's lines: a new one begins where the next piece would pass LINE_LENGTH."""
    lines = [start]
    for piece in pieces:
        tokens = [piece] if isinstance(piece, str) else piece(LINE_LENGTH - len(lines[-1]) - 1)
        for token in tokens:
            if len(lines[-1]) + 1 + len(token) <= LINE_LENGTH or lines == [start]:
                lines[-1] += f" {token}"
            else:
                lines.append(f" {token}")
    return "\r\n".join(lines) + "\r\n"


def _words(text: str) -> list[Piece]:
    """Words as they are; runs of words that need encoding as one text, with the spaces between them."""
    pieces: list[Piece] = []
    run: list[str] = []
    for word in text.split(" "):
        if _needs_encoding(word):
            run.append(word)
            continue
        if run:
            pieces.append(_encoder(" ".join(run)))
            run = []
        pieces.append(word)
    return [*pieces, _encoder(" ".join(run))] if run else pieces


def _needs_encoding(word: str) -> bool:
    return not word.isascii() or not word.isprintable() or "=?" in word or len(word) >= WORD_LENGTH


def _phrase(name: str) -> list[Piece]:
    """The name before an address: atoms, a quoted string folded at its spaces, or encoded words."""
    if not name:
        return []
    if any(map(_needs_encoding, name.split(" "))):
        return [_encoder(name)]
    if not _ATOMS.fullmatch(name):
        name = quoted(name)
    return [*name.split(" ")]


# encoded words ----------------------------------------------------------------------------


def _encoder(text: str) -> Callable[[int], Iterator[str]]:
    return lambda room: encoded_words(text, room)


def encoded_words(text: str, room: int = WORD_LENGTH) -> Iterator[str]:
    """The text as encoded words, each at most WORD_LENGTH long, the first at most `room` where that can be.

    No word ends inside a character, nor between a letter and its accents or the parts of one emoji, unless such a
    cluster alone is too long for a word."""
    data = text.encode()
    quoted = _size_in_q(data) <= _size_in_b(data)
    size, (start, end) = (_size_in_q, _QUOTED) if quoted else (_size_in_b, _BASE64)
    encode = _encode_q if quoted else _encode_b
    limit, part = min(room, WORD_LENGTH) - _SPARE, b""
    for cluster in _fitting_clusters(text, size):
        if size(part + cluster) > limit and (part or limit < WORD_LENGTH - _SPARE):
            if part:
                yield start + encode(part) + end
            limit, part = WORD_LENGTH - _SPARE, b""
        part += cluster
    yield start + encode(part) + end


def _fitting_clusters(text: str, size: Callable[[bytes], int]) -> Iterator[bytes]:
    for cluster in _clusters(text):
        data = cluster.encode()
        if size(data) <= WORD_LENGTH - _SPARE:
            yield data
        else:
            yield from (char.encode() for char in cluster)


def _clusters(text: str) -> Iterator[str]:
    """What a reader sees as one character: a letter with its marks, an emoji with its joiners, a flag."""
    cluster = ""
    for char in text:
        if cluster and not _continues(cluster, char):
            yield cluster
            cluster = ""
        cluster += char
    if cluster:
        yield cluster


def _continues(cluster: str, char: str) -> bool:
    if char == _JOINER or cluster.endswith(_JOINER) or unicodedata.category(char) in ("Mn", "Mc", "Me"):
        return True
    if "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f":  # skin tones, tags
        return True
    return _is_flag_letter(char) and len(cluster) == 1 and _is_flag_letter(cluster)


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _size_in_b(data: bytes) -> int:
    return 4 * -(-len(data) // 3)


def _size_in_q(data: bytes) -> int:
    return sum(1 if byte in _PLAIN_IN_Q or byte == 0x20 else 3 for byte in data)


def _encode_b(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _encode_q(data: bytes) -> str:
    return "".join("_" if byte == 0x20 else chr(byte) if byte in _PLAIN_IN_Q else f"={byte:02X}" for byte in data)
