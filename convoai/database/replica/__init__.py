"""Reading people's data from a streaming replica, and from the primary whenever that is wiser."""
