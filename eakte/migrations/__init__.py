"""The one migration history, for the private PostgreSQL and for every server alike."""
