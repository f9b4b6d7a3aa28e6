"""What a route or a named read asks PostgreSQL, and how PostgreSQL answers it."""
