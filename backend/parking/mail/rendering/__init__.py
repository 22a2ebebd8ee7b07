"""A draft → its blocks → text, HTML, calendar entry and the MIME message."""
