"""The keys by which names, plates and addresses are compared and searched."""

import hashlib
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.text import email_addresses, names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ärztehaus", "ärztehaus"),
        ("Ärztehaus", "A\u0308RZTEHAUS"),
        ("İstanbul", "i\u0307stanbul"),
        ("ΣΟΦΟΣ", "σοφος"),
        ("Straße", "STRASSE"),
        ("Иван", "ИВАН"),
        ("Plain  Lot", " PLAIN\u00a0lot"),
        ("ﬁne", "Fine"),
        ("Ｎｏｒｄ １", "nord 1"),
        ("Nord\u200b", "No\u00adrd"),
        ("Ǆ", "ǆ"),
        ("Ꭰ", "ꭰ"),
    ],
)
def test_these_names_are_one(one, other):
    assert names.key(one) == names.key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Arztehaus", "Ärztehaus"),
        ("Isik", "Işık"),
        (
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        ),
        ("か", "が"),
        ("Nord 1", "Nord 2"),
    ],
)
def test_these_names_are_two(one, other):
    assert names.key(one) != names.key(other)


@given(st.text())
def test_a_key_is_its_own_key_and_knows_no_case(text):
    key = names.key(text)
    assert names.key(key) == key
    assert len(key) <= names.MAX_KEY
    assert not re.search("[A-Z]", key)
    assert names.search_key(names.search_key(text)) == names.search_key(text)


def test_a_very_long_key_is_cut_but_stays_different():
    one, other = "ﷺ" * 100, "ﷺ" * 99 + "ﷲ"
    assert len(names.key(one)) <= names.MAX_KEY
    assert names.key(one) != names.key(other)


def test_the_keys_do_not_depend_on_the_interpreter():
    """A new Unicode version adds letters with a case or a compatibility form; they must stand in newer_characters, or
    keys made by one Python differ from those made by another. This fails on a Python that knows more of them."""
    changed = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    pairs = [f"{code:x}:{names.key(chr(code))}" for code in changed if names.key(chr(code)) != chr(code)]
    assert hashlib.sha256("\n".join(pairs).encode()).hexdigest()[:16] == "dd8dc80b81ce1d7d"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Çelik", "celik"),
        ("Özgür", "ozgur"),
        ("Łódź Ærø İŞIK", "lodz aero isik"),
        ("Ёж й", "еж и"),
        ("Ängström", "angstrom"),
        ("עִבְרִית", "עברית"),
    ],
)
def test_a_search_key_has_no_accents(text, key):
    assert names.search_key(text) == key


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Bärenplatz", ("barenplatz", "baerenplatz")),
        ("BA\u0308RENPLATZ", ("barenplatz", "baerenplatz")),
        ("Baerenplatz", ("baerenplatz",)),
        ("Øster Allé", ("oster alle", "oester alle")),
        ("Ångström", ("angstrom", "aangstroem")),
        ("Straße", ("strasse",)),
        ("", ("",)),
    ],
)
def test_an_umlaut_is_searched_in_both_spellings(text, keys):
    assert names.search_keys(text) == keys


@pytest.mark.parametrize("written", ["GÖ-AB 123", "gö-ab 123", "GO AB123", "go·ab·123"])
def test_a_plate_has_one_key(written):
    assert names.plate_key(written) == "goab123"


@pytest.mark.parametrize("wrong", ["=1+2", "", "-1", "+A", "@A", "A--1", "A\t\x00", "http://a", "a.b", "\u202eA 1"])
def test_what_is_no_plate_is_refused(wrong):
    with pytest.raises(ValueError, match="number plate"):
        names.plate(wrong)


# addresses -----------------------------------------------------------------------------------

SPELLINGS = [
    ("a@straße.example", "a@xn--strae-oqa.example"),
    ("vera@faß.example", "vera@xn--fa-hia.example"),
    ("n@βόλος.com", "n@xn--nxasmm1c.com"),
    ("bob@bücher.example", "bob@xn--bcher-kva.example"),
    ("x@中文.com", "x@xn--fiq228c.com"),
    ("x@пример.example", "x@xn--e1afmkfd.example"),
]


@pytest.mark.parametrize(("unicode_form", "ascii_form"), SPELLINGS)
def test_an_address_has_one_key_in_both_spellings(unicode_form, ascii_form):
    domain = unicode_form.partition("@")[2]
    assert email_addresses.ascii_domain(domain) == ascii_form.partition("@")[2]
    for spelling in (
        unicode_form,
        ascii_form,
        ascii_form.upper(),
        f" {unicode_form} ",
        unicode_form.replace(".", "。"),
    ):
        assert email_addresses.key(spelling) == ascii_form
    assert email_addresses.stored(ascii_form) == email_addresses.stored(unicode_form) == unicode_form
    assert set(email_addresses.spellings(ascii_form).split()) == {unicode_form, ascii_form}


def test_strasse_is_another_domain():
    assert email_addresses.key("vera@strasse.example") != email_addresses.key("vera@straße.example")


@pytest.mark.parametrize(
    "text", ["", "@", "nonsense", "a@", "a@xn--", "a@☃.example", "a" * 400, "a@" + "ü" * 300, "\ud800"]
)
def test_any_text_has_a_key(text):
    assert isinstance(email_addresses.key(text), str)


@given(st.text(max_size=330))
def test_no_text_has_the_key_of_a_duplicate(text):
    assert not email_addresses.key(text).startswith(email_addresses.DUPLICATE_PREFIX)
    assert not names.key(text).startswith(email_addresses.DUPLICATE_PREFIX)


@pytest.mark.parametrize(
    "wrong",
    ["a@☃.example", "a@xn--n3h.example", "a@xn--bcher.example", f"{'a' * 60}@{'ü' * 60}.{'ü' * 60}.{'ü' * 60}.de"],
)
def test_a_domain_without_an_ascii_form_is_refused(wrong):
    with pytest.raises(ValueError, match="address"):
        email_addresses.stored(wrong)
