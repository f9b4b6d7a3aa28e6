"""Which facts a person can have several of at a time."""

from __future__ import annotations

# Everything else is single-valued: a newer value closes the older one.
MANY_VALUED = frozenset(
    {
        "allergy",
        "child",
        "dislike",
        "event",
        "friend",
        "grandchild",
        "hobby",
        "interest",
        "language",
        "pet",
        "plan",
        "sibling",
        "skill",
    }
)


def is_many_valued(fact_key: str) -> bool:
    """Whether several values of this key are true at a time, where nobody says otherwise."""
    return fact_key in MANY_VALUED
