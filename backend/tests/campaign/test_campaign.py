"""Six clients, ten kinds of fault, one checker: a minute and a half on each database."""

from __future__ import annotations

import pytest

from tests.campaign import campaign
from tests.campaign.faults import FAULTS
from tests.faults.product import Product

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
SECONDS, CLIENTS, SEED = 90, 6, 20261129


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request, tmp_path_factory, valkey_server):
    environ = {"RATE_LIMITS": "off", "TIMEZONE": "Europe/Berlin"}
    if request.param == "postgresql":
        postgres = request.getfixturevalue("postgres")
        environ["DATABASE_URL"] = url = postgres.create()
    valkey_server.as_new()
    product = Product(tmp_path_factory.mktemp("campaign"), valkey_server, **environ)
    try:
        product.prepare()
        yield product
    finally:
        product.end()
    if request.param == "postgresql":
        postgres.drop(url)


def test_a_campaign_of_faults_leaves_no_anomaly(product):
    result = campaign.run(product, SECONDS, CLIENTS, SEED)
    assert result.anomalies == [], result
    assert set(result.faults) == {fault.__name__ for fault in FAULTS}
    assert result.bookings > 20
