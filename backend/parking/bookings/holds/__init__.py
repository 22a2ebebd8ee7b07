"""Holds: spots kept for people who may claim them, and the time of spots that was freed.

The waitlist, which lies above bookings, decides who gets one (parking/waitlist).
"""
