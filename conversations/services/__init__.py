"""Everything that changes conversations and what was learned from them."""
