"""The texts of every mail in each language, and how a language writes numbers and times."""

from __future__ import annotations

from parking.mail.i18n.texts import LANGUAGES, Texts, catalogue, language, parse_instant, zone_info

__all__ = ["LANGUAGES", "Texts", "catalogue", "language", "parse_instant", "zone_info"]
