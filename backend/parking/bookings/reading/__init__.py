"""Lists of bookings: filters, pages, views."""
