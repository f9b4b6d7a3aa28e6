"""Which facts a person can have several of at a time."""

from __future__ import annotations

# Everything else is single-valued: a newer value closes the older one.
MANY_VALUED = frozenset(
    {
        # People and animals
        "child",
        "family_member",
        "friend",
        "grandchild",
        "people",
        "pet",
        "sibling",
        # Tastes and pastimes
        "dislike",
        "favourite",
        "habit",
        "hobby",
        "instrument",
        "interest",
        "language",
        "learning",
        "like",
        "skill",
        "pastime",
        "sport_played",
        # What happened and what is to come
        "about",
        "activity",
        "event",
        "plan",
        "wish",
        "work_event",
        "work_life",
        # Body and mind
        "allergy",
        "avoided_food",
        "ability",
        "feeling",
        "health",
        "opinion",
        "support",
        "trait",
        # What one has
        "education",
        "possession",
    }
)
# What these keys tell of lies ahead by nature: they are true before their date comes.
AHEAD = frozenset({"plan", "wish"})


def is_many_valued(fact_key: str) -> bool:
    """Whether several values of this key are true at a time, where nobody says otherwise."""
    return fact_key in MANY_VALUED
