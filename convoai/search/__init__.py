"""Questions to ranked messages, conversations, facts and partners."""
