"""Everything of one user as one file: made, checked, and taken in again."""
