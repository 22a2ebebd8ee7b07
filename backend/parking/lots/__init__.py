"""Lots, their spots and their tariffs: what bookings stand on."""
