"""Conversations and messages in one table per year or month, and back."""
