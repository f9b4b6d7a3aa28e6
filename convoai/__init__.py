"""convoai: the memory for the people you talk with."""

__version__ = "1.0.0"
