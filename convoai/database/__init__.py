"""Which PostgreSQL convoai uses, how it is reached, and how it is started when it is ours."""
