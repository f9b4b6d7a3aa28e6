"""The API of conversations and of what was learned from them."""
