"""Names of people, lots and cars: what is allowed, and the keys by which they are compared and searched.

Pure: text in, text or ValueError out. The keys are made here alone and stored, so both databases and every Python
from 3.11 on agree on them; nothing is compared by a database's lower().
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Callable

from parking.text import newer_characters

MAX_USERNAME = 80
MAX_KEY = 200
_NEWER = re.compile(f"([{newer_characters.character_class()}]+)")

# Default_Ignorable_Code_Point of Unicode, tags and controls aside: no glyph, so no difference between two names.
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0080-\U000e0fff"
)
_BLANK = re.compile(f"[{_IGNORABLE}\U000e0020-\U000e007f\u2800\U0001d159]")  # what a reader does not see
_TAGS = "\U000e0020-\U000e007e"
FLAG = re.compile(f"([\u2190-\u2bff\U0001f000-\U0001faff]\ufe0f?[\U0001f3fb-\U0001f3ff]?[{_TAGS}]{{1,30}}\U000e007f)")
"""An emoji tag sequence (UTS #51, ED-14a), such as the flag of England."""
_UNSEEN = re.compile(f"{FLAG.pattern}|[{_IGNORABLE}{_TAGS}\U000e007f]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")

_DIRECTION = "\u200e\u200f\u061c\u2066-\u2069\ufeff"
_ENDS = re.compile(rf"\A[\s{_DIRECTION}]+|[\s{_DIRECTION}]+\Z")
# Format characters that belong to the spelling: joiners, direction marks, and the visible signs before Arabic numbers.
_SPELLING = {*"\u200c\u200d\u200e\u200f\u061c\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"}
_SPELLING |= {chr(code) for code in range(0x600, 0x606)}
_REFUSED = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}

_LETTERS = str.maketrans({
    **dict(zip("øłđħıŧðŋ", "oldhitdn", strict=True)),
    **{"æ": "ae", "œ": "oe", "þ": "th"},
})  # fmt: skip
"""Letters of Latin scripts whose stroke or ligature Unicode does not take apart."""

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
"""As Germans and Scandinavians write them on a keyboard without these letters, and in addresses of mail."""

_ENDINGS = (
    "com|net|org|info|biz|edu|gov|mobi|name|pro|io|ai|app|dev|xyz|top|shop|store|site|online|club|link|click|live|icu|"
    "vip|win|bid|loan|work|space|website|page|web|buzz|fun|cc|tv|ly|gl|gd|gg|de|eu|uk|ru|cn|tk|ml|ga|cf|gq"
)
_LINK = re.compile(
    r"[a-z][a-z0-9+-]*://|(?<!\w)www\d*\.\w"
    r"|(?<![\w.-])[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}(?::\d+)?[/?#]"
    rf"|(?<![@\w.-])(?:[\w-]+\.)+(?:{_ENDINGS})(?![\w-]|\.\w|@)"
)
_PLATE = re.compile(r"[^\W_](?:[^\W_]|[ ·-](?=[^\W_])){0,14}")
_PLATE_RULE = "A number plate must have 1 to 15 letters and digits, with single spaces or dashes between them."


def key(name: str) -> str:
    """The form in which two names are compared: equal keys, equal names.

    NFKC_Casefold (Unicode Standard 3.13, D147) with white space tidied; characters without a glyph do not count, but
    the tags of a flag do. At most about 200 characters: of a longer one the beginning and a hash.
    """
    folded = _tidy(_per_version(name, _fold))
    if len(folded) <= MAX_KEY:
        return folded
    return f"{folded[: MAX_KEY - 50]} {hashlib.sha256(folded.encode('utf-8', 'replace')).hexdigest()[:40]}"


def search_key(text: str) -> str:
    """The form in which a text is searched and sorted: as `key`, and without accents ("Çelik" and "celik" are one)."""
    return _tidy(_per_version(text, _plain))


@functools.lru_cache(maxsize=4096)  # a driver's address and name, and the subject with the lot's, come again and again
def search_keys(text: str) -> tuple[str, ...]:
    """The search keys of a text: its umlauts as plain letters and, where it has any, spelled out ("Bär": bar, baer)."""
    return tuple(dict.fromkeys((search_key(text), _tidy(_per_version(text, _spelled_out)))))


APOSTROPHES = "\u2019\u2018\u02bc\u02bb\u2032\u00b4`"
"""What people and programs write in place of a plain one, as in O’Neill."""
_PLAIN_APOSTROPHE = dict.fromkeys(map(ord, APOSTROPHES), "'")


def with_plain_apostrophes(text: str) -> str:
    """The text with a plain apostrophe for each that is another character."""
    return text.translate(_PLAIN_APOSTROPHE)


def search_text(*texts: str) -> str:
    """What is stored for searches in these texts: the search keys of each, a line each."""
    return "\n".join(key for text in texts for key in search_keys(text))


def sort_key(name: str) -> str:
    """The beginning of the search key, short enough for an index and a cursor."""
    return search_key(name)[:MAX_KEY]


def plate_key(plate: str | None) -> str | None:
    """The form in which number plates are searched: letters and digits alone, without accents. None of None."""
    return None if plate is None else re.sub(r"[\W_]+", "", search_key(plate))


def _per_version(text: str, change: Callable[[str], str]) -> str:
    """The text changed, except for characters that some of the interpreters do not know yet."""
    if text.isascii():  # all changes make small letters of it; the long way takes 25 µs
        return text.lower()
    parts = _NEWER.split(text)
    return "".join(part if n % 2 else change(part) for n, part in enumerate(parts))


def _fold(text: str) -> str:
    for _ in range(5):  # stable after two rounds in every case known
        before, text = text, unicodedata.normalize("NFKC", text).casefold()
        text = unicodedata.normalize("NFKC", _UNSEEN.sub(lambda match: match[1] or "", text))
        if text == before:
            break
    return text


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFD", _fold(text))
    bare = "".join(char for char in apart if unicodedata.combining(char) not in _ACCENTS)
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


def _spelled_out(text: str) -> str:
    return _plain(_fold(text).translate(_UMLAUTS))


_ACCENTS = {1, *range(10, 36), *range(200, 241)}
"""Canonical combining classes of overlays, Hebrew and Arabic points, and marks above, below and beside. Not those of
nuktas, viramas and kana voicing (7 to 9), which make another letter."""


def _tidy(text: str) -> str:
    return _CONTROLS.sub(" ", text).strip()


def username(given: str, most: int = MAX_USERNAME) -> str:
    """A person's name: 1 to `most` characters, at least one of them visible, white space tidied, no link.

    Direction marks at the ends are dropped. Code points that this interpreter does not know are allowed (emoji and
    scripts newer than it). Raises ValueError.
    """
    tidy = re.sub(" +", " ", _ENDS.sub("", unicodedata.normalize("NFC", given)))
    if not 1 <= len(tidy) <= most:
        raise ValueError(f"A name must have 1 to {most} characters.")
    return without_link(visible(tidy))


def visible(name: str) -> str:
    """The name as it is. Raises ValueError when it holds a control or override character, or nothing one can see."""
    if any(_is_refused(char) for char in FLAG.sub("", name)) or not any(_is_seen(char) for char in name):
        raise ValueError("A name must consist of visible characters.")
    return name


def _is_refused(char: str) -> bool:
    category = unicodedata.category(char)
    if category == "Cn":
        return _is_noncharacter(char) or _BLANK.match(char) is not None
    return category in _REFUSED and char not in _SPELLING


def _is_noncharacter(char: str) -> bool:
    return 0xFDD0 <= ord(char) <= 0xFDEF or ord(char) & 0xFFFE == 0xFFFE


def _is_seen(char: str) -> bool:
    category = unicodedata.category(char)
    return (category[0] in "LNSP" or category == "Cn") and _BLANK.match(char) is None


def has_link(text: str) -> bool:
    """Whether a mail program would turn a part of the text into a link (an e-mail address is not meant)."""
    folded = _tidy(_per_version(text, _fold)).replace("\u3002", ".")  # an ideographic full stop ends a label too
    return _LINK.search(folded) is not None


def without_link(text: str) -> str:
    """The text as it is. Raises ValueError when it holds a link: names go into mails to people who asked for none."""
    if has_link(text):
        raise ValueError("A name must not contain a link or a web address.")
    return text


def plate(given: str) -> str:
    """A number plate in capitals, white space tidied. Raises ValueError."""
    tidy = " ".join(unicodedata.normalize("NFC", given).upper().split())
    if not _PLATE.fullmatch(tidy):
        raise ValueError(_PLATE_RULE)
    return tidy
