"""What to know before the next talk."""
