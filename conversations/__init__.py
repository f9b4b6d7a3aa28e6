"""What was said, and what was learned from it."""
