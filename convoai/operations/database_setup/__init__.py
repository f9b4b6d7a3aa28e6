"""Role, database, extension and rights on a server that has none of them."""
