"""Data in and out: old DuckDB files, transcripts, a person's whole archive."""
