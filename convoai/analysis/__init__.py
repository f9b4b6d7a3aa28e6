"""From a talk to its summary, topics and facts with evidence; and new facts against known ones."""
