"""The pauses between attempts to send a mail."""

from parking.mail.outbox import retries


def test_pauses_grow_to_an_hour_and_differ_by_a_tenth():
    expected = [60, 300, 900, 3600, 3600, 3600]
    pauses = [retries.pause_after(attempts, "<a@b>").total_seconds() for attempts in range(1, 7)]
    assert all(abs(pause - base) <= base * 0.1 + 1 for pause, base in zip(pauses, expected, strict=True))


def test_mails_that_failed_together_are_not_tried_together():
    assert len({retries.pause_after(4, f"<{n}@b>") for n in range(200)}) > 100
