"""Database files of the older backend: reading, writing and comparing them."""
