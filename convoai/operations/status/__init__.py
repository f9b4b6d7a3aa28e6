"""The page for staff with what the doctor finds, and the figures behind it."""
