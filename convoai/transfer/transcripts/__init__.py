"""Transcripts from anywhere: one small parser per format, one registry, one way into the tables."""
