"""Backups of database and pictures: made whole or not at all, restored, and verified."""
