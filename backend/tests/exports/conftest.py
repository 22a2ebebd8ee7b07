"""Where exports are written."""

import pytest


@pytest.fixture
def folder(settings):
    return settings.export_dir
