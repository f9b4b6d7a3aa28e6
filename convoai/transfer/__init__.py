"""Data in and out: transcripts, old databases, a person's whole archive."""
