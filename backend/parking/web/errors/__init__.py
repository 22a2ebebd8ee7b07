"""Error answers: problem details, sentences for invalid fields, and failures of the server."""
