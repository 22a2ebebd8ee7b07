"""Measurements with a year of bookings at scale."""
