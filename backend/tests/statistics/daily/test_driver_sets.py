"""Sets of drivers in their short form."""

from parking.statistics.daily.driver_sets import pack, union, unpack


def test_packed_sets_of_drivers_unite_to_distinct_drivers():
    many, few = set(range(7, 9_000, 3)), {1, 7, 2_000_000}
    for drivers in (set(), few, many):
        assert unpack(pack(drivers)) == drivers
    assert isinstance(pack(many), str)
    assert len(pack(many)) < 2_000
    assert union([pack(many), pack(few), {5}, None]).bit_count() == len(many | few | {5})
