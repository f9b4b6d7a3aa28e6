"""Django database backend: PostgreSQL through psycopg2 and a pool of connections."""
