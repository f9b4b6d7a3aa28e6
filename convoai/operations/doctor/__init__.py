"""The doctor: looks at everything that keeps an installation healthy, and changes nothing."""
