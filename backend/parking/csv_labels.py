"""The headings of CSV columns and the values of closed sets in the languages of the product, and what else an import
takes for a column's name."""

from __future__ import annotations

import re

LANGUAGES = ("en", "de")

# identifier (as programs know the column) -> what people call it in English and in German
_LABELS: dict[str, tuple[str, str]] = {
    "accessible": ("Accessible", "Barrierefrei"),
    "action": ("Action", "Aktion"),
    "active": ("Active", "Aktiv"),
    "actor_email": ("By (email)", "Durch (E-Mail)"),
    "actor_name": ("By", "Durch"),
    "address": ("Address", "Adresse"),
    "after": ("After", "Nachher"),
    "at": ("Time", "Zeitpunkt"),
    "attempts": ("Attempts", "Versuche"),
    "available_seconds": ("Available (seconds)", "Verfügbar (Sekunden)"),
    "average_stay_seconds": ("Average stay (seconds)", "Mittlere Parkdauer (Sekunden)"),
    "before": ("Before", "Vorher"),
    "billing_step_seconds": ("Billing step (seconds)", "Abrechnungsschritt (Sekunden)"),
    "booking_id": ("Booking ID", "Buchungs-ID"),
    "booking_type": ("Booking type", "Buchungsart"),
    "bookings": ("Bookings", "Buchungen"),
    "cancelled": ("Cancelled", "Storniert"),
    "cap_day": ("Daily maximum applies per", "Tageshöchstbetrag gilt pro"),
    "capacity": ("Spots", "Stellplätze"),
    "checked_in_at": ("Checked in", "Eingecheckt"),
    "checkin_grace_minutes": ("Check-in period (minutes)", "Frist zum Einchecken (Minuten)"),
    "completed": ("Completed", "Beendet"),
    "count": ("Stays", "Aufenthalte"),
    "covered": ("Covered", "Überdacht"),
    "created_at": ("Created", "Angelegt"),
    "currency": ("Currency", "Währung"),
    "daily_cap": ("Daily maximum", "Tageshöchstbetrag"),
    "day": ("Day", "Tag"),
    "deleted_at": ("Deleted", "Gelöscht"),
    "description": ("Description", "Beschreibung"),
    "duration_hours": ("Duration (hours)", "Dauer (Stunden)"),
    "email": ("Email", "E-Mail"),
    "end_time": ("End", "Ende"),
    "ended_by": ("Ended by", "Beendet durch"),
    "entity": ("Object", "Objekt"),
    "entity_id": ("Object ID", "Objekt-ID"),
    "entity_name": ("Object name", "Name des Objekts"),
    "error": ("Error", "Fehler"),
    "ev": ("EV charging", "Ladepunkt"),
    "expires_at": ("Kept until", "Verfügbar bis"),
    "finished_at": ("Finished", "Fertig"),
    "format": ("Format", "Format"),
    "free_minutes": ("Free minutes", "Freiminuten"),
    "from_minutes": ("From (minutes)", "Ab (Minuten)"),
    "hour": ("Hour", "Stunde"),
    "id": ("ID", "ID"),
    "instant": ("Walk-in", "Sofort gebucht"),
    "instant_hold_minutes": ("Guaranteed time of a walk-in (minutes)", "Freihaltezeit bei Sofortbuchung (Minuten)"),
    "kind": ("Kind", "Art"),
    "last_booking_at": ("Last booking", "Letzte Buchung"),
    "last_reply": ("Last reply", "Letzte Antwort"),
    "latitude": ("Latitude", "Breitengrad"),
    "level": ("Level", "Ebene"),
    "locale": ("Language", "Sprache"),
    "longitude": ("Longitude", "Längengrad"),
    "lot_id": ("Lot ID", "Parkplatz-ID"),
    "lot_name": ("Lot", "Parkplatz"),
    "message_id": ("Message ID", "Nachrichten-ID"),
    "name": ("Name", "Name"),
    "next_attempt_at": ("Next attempt", "Nächster Versuch"),
    "no_shows": ("No-shows", "Nicht erschienen"),
    "occupancy_percent": ("Occupancy (%)", "Auslastung (%)"),
    "occupied": ("Occupied", "Belegt"),
    "occupied_hours": ("Occupied (hours)", "Belegt (Stunden)"),
    "occupied_seconds": ("Occupied (seconds)", "Belegt (Sekunden)"),
    "parked_seconds": ("Parked (seconds)", "Geparkt (Sekunden)"),
    "partial": ("Not over yet", "Noch nicht vorbei"),
    "peak_cars": ("Most cars at once", "Höchstens Autos zugleich"),
    "previous": ("Previous period", "Vorheriger Zeitraum"),
    "price_per_hour": ("Price per hour", "Preis pro Stunde"),
    "reason": ("Reason", "Grund"),
    "recipient": ("Recipient", "Empfänger"),
    "reference": ("Reference", "Buchungsnummer"),
    "request_id": ("Request ID", "Anfrage-ID"),
    "require_checkin": ("Check-in required", "Einchecken erforderlich"),
    "reserved": ("Reserved", "Reserviert"),
    "reserved_end": ("Reserved until", "Reserviert bis"),
    "reserved_seconds": ("Kept free (seconds)", "Freigehalten (Sekunden)"),
    "reserved_start": ("Reserved from", "Reserviert ab"),
    "retired_at": ("Removed", "Entfernt"),
    "revenue": ("Revenue", "Umsatz"),
    "revenue_per_spot_hour": ("Revenue per spot-hour", "Umsatz je Stellplatzstunde"),
    "revenue_previous": ("Revenue, previous period", "Umsatz, vorheriger Zeitraum"),
    "roles": ("Roles", "Rollen"),
    "rows": ("Rows", "Zeilen"),
    "sent_at": ("Sent", "Gesendet"),
    "series_id": ("Series ID", "Serien-ID"),
    "shorten_running": ("Reservations may end earlier while they run", "Laufende Reservierungen verkürzbar"),
    "size_bytes": ("Size (bytes)", "Größe (Byte)"),
    "spent": ("Spent", "Ausgegeben"),
    "spot_id": ("Spot ID", "Stellplatz-ID"),
    "spot_number": ("Spot", "Stellplatz"),
    "start_time": ("Start", "Beginn"),
    "state": ("State", "Zustand"),
    "status": ("Status", "Status"),
    "subject": ("Subject", "Betreff"),
    "time_zone": ("Time zone of the times", "Zeitzone der Zeiten"),
    "timezone": ("Time zone", "Zeitzone"),
    "to_minutes": ("To (minutes)", "Bis (Minuten)"),
    "total_bookings": ("Bookings in total", "Buchungen insgesamt"),
    "total_cost": ("Total cost", "Gesamtpreis"),
    "total_spent": ("Spent in total", "Ausgaben insgesamt"),
    "turnover": ("Cars per spot and day", "Autos je Stellplatz und Tag"),
    "unit": ("Unit", "Einheit"),
    "updated_at": ("Changed", "Geändert"),
    "user_email": ("User's email", "E-Mail der Person"),
    "user_id": ("User ID", "Personen-ID"),
    "username": ("User name", "Benutzername"),
    "value": ("Value", "Wert"),
    "vehicle_plate": ("Number plate", "Kennzeichen"),
    "visitor_email": ("Visitor's email", "E-Mail des Besuchs"),
    "visitor_name": ("Visitor", "Besuch"),
    "visits": ("Visits", "Besuche"),
    "weekday": ("Weekday", "Wochentag"),
}
# A value of a closed set -> what it is called in German. In English it is what programs know it by.
_GERMAN_WORDS = {
    "Active": "Aktiv",
    "Reserved": "Reserviert",
    "Completed": "Beendet",
    "Cancelled": "Storniert",
    "No-show": "Nicht erschienen",
    "instant": "Sofort",
    "reserved": "Reservierung",
    "user": "Fahrer/in",
    "admin": "Verwaltung",
    "system": "System",
    "all_data": "Alle Daten",
    "lot_bookings": "Buchungen von Parkplätzen",
    "bookings": "Buchungen",
    "queued": "Wartet",
    "running": "Läuft",
    "done": "Fertig",
    "cancelled": "Abgebrochen",
    "expired": "Gelöscht",
    "sending": "Wird gesendet",
    "retrying": "Neuer Versuch",
    "sent": "Gesendet",
    "failed": "Fehlgeschlagen",
    "suppressed": "Zurückgehalten",
    "discarded": "Verworfen",
    "rolling": "24 Stunden",
    "calendar": "Kalendertag",
}
# What people call these columns besides, and what earlier exports called them.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "name": ("lot", "lot name", "parkplatz", "parkhaus", "bezeichnung"),
    "capacity": ("spots", "plätze", "anzahl plätze", "anzahl stellplätze", "kapazität"),
    "price_per_hour": ("price", "hourly price", "preis", "stundenpreis", "preis je stunde", "preis/stunde"),
    "address": ("anschrift",),
    "latitude": ("lat", "breite"),
    "longitude": ("lon", "lng", "länge"),
    "daily_cap": ("daily cap", "tagesmaximum", "tageshöchstsatz", "tageshöchstpreis"),
    "cap_day": ("tageshöchstpreis je",),
    "billing_step_seconds": ("abrechnungstakt (sekunden)",),
    "require_checkin": ("check-in erforderlich", "check-in nötig", "checkin"),
    "checkin_grace_minutes": ("check-in-frist (minuten)",),
    "instant_hold_minutes": ("garantierte zeit (minuten)",),
}
_UNIT = re.compile(r"\s*\(([A-Z]{3}|[€$£])\)\s*$")
_CURRENCY = re.compile(r"(.+)_([A-Z]{3})")


def label(column: str, language: str) -> str:
    """The heading of a column: "revenue_EUR" is "Umsatz (EUR)" in German. Raises KeyError for an unknown column."""
    money = None if column in _LABELS else _CURRENCY.fullmatch(column)
    if money:
        return f"{label(money[1], language)} ({money[2]})"
    return _LABELS[column][LANGUAGES.index(language)]


def word(value: str, language: str) -> str:
    """What people call a value of a closed set, such as a status; a value that is not known here stays."""
    return _GERMAN_WORDS.get(value, value) if language == "de" else value


def value_of(cell: str, values: tuple[str, ...]) -> str:
    """The one of `values` that a cell means, by itself or its German word; another cell stays."""
    names = {_plain(name): value for value in values for name in (value, word(value, "de"))}
    return names.get(_plain(cell), cell)


def column_of(heading: str, columns: frozenset[str]) -> str | None:
    """The one of `columns` that a heading names: by its identifier, its label in any language, or a usual synonym."""
    plain = _plain(_UNIT.sub("", heading))
    for column in columns:
        names = (column, column.replace("_", " "), *_LABELS.get(column, ()), *_SYNONYMS.get(column, ()))
        if plain in map(_plain, names):
            return column
    return None


def _plain(heading: str) -> str:
    return " ".join(heading.casefold().split())
