"""The program's own words in place of a reply have a code; the words of a mail server have none."""

from typing import get_args

import pytest

from parking.mail.outbox import replies
from parking.mail.outbox.allowance import PER_DAY

OWN = {
    replies.NOT_CONFIGURED: "not_configured",
    replies.too_many(PER_DAY["bookings"]): "too_many",
    replies.REPLACED: "replaced",
    replies.newer("release_receipt"): "newer",
    replies.worker_died(3): "worker_died",
    replies.EXPIRED: "expired",
    replies.DISCARDED: "discarded",
    replies.DEMONSTRATION: "demonstration",
    replies.DISCARDED_AFTER_RESTORE: "discarded_after_restore",
    replies.unwritable(KeyError("start")): "unwritable",
}


@pytest.mark.parametrize(("reply", "code"), OWN.items())
def test_own_words_have_a_code(reply, code):
    assert replies.code_of(reply) == code


def test_every_code_has_its_words():
    assert set(OWN.values()) == set(get_args(replies.Code))


@pytest.mark.parametrize("reply", [None, "", "250 ok", "550 5.1.1 no such user", "expired", "discarded by us"])
def test_the_words_of_a_server_have_none(reply):
    assert replies.code_of(reply) is None
