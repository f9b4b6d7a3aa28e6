"""Running convoai: the server that `make run` starts, and what keeps it healthy."""
