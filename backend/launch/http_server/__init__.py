"""gunicorn's threaded worker, with deadlines for what comes from the network."""
