"""Conversations, messages, topics and facts as JSON."""
