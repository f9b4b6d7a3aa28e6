"""Ten points that show, by doing it, that an installation works."""
