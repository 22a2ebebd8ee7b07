from tests.town import plain, town

__all__ = ["plain", "town"]
