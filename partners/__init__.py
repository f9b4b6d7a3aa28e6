"""Who we talk with."""
