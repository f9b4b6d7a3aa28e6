"""Which statements take time: recorded, stored, read back, judged."""
