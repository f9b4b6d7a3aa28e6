"""The older backend's schema, as its own files have it."""

from __future__ import annotations

from collections.abc import Mapping

from convoai.transfer.duckdb_files.tables import TABLES

GREATEST_INTEGER = 2**31 - 1
DEFINITIONS = {
    "users": """
        email VARCHAR NOT NULL UNIQUE,
        username VARCHAR NOT NULL UNIQUE,
        hashed_password VARCHAR NOT NULL,
        is_active BOOLEAN DEFAULT TRUE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now(),
        updated_at TIMESTAMP WITH TIME ZONE""",
    "conversation_partners": """
        user_id {number} NOT NULL,
        "name" VARCHAR NOT NULL,
        email VARCHAR,
        phone VARCHAR,
        notes VARCHAR,
        relationship VARCHAR,
        image_url VARCHAR,
        image_path VARCHAR,
        image_embedding JSON,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now(),
        updated_at TIMESTAMP WITH TIME ZONE,
        FOREIGN KEY (user_id) REFERENCES users (id)""",
    "conversations": """
        user_id {number} NOT NULL,
        partner_id {number} NOT NULL,
        title VARCHAR,
        summary VARCHAR,
        is_analyzed BOOLEAN DEFAULT FALSE,
        started_at TIMESTAMP WITH TIME ZONE DEFAULT now(),
        ended_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now(),
        updated_at TIMESTAMP WITH TIME ZONE,
        embedding JSON,
        full_transcript VARCHAR,
        FOREIGN KEY (user_id) REFERENCES users (id),
        FOREIGN KEY (partner_id) REFERENCES conversation_partners (id)""",
    "messages": """
        conversation_id {number} NOT NULL,
        sender VARCHAR NOT NULL,
        "content" VARCHAR NOT NULL,
        "timestamp" TIMESTAMP WITH TIME ZONE DEFAULT now(),
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now(),
        FOREIGN KEY (conversation_id) REFERENCES conversations (id)""",
    "topics": """
        "name" VARCHAR NOT NULL UNIQUE,
        category VARCHAR,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now()""",
    "conversation_topics": """
        conversation_id {number},
        topic_id {number},
        relevance_score INTEGER DEFAULT 5,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now(),
        FOREIGN KEY (conversation_id) REFERENCES conversations (id),
        FOREIGN KEY (topic_id) REFERENCES topics (id),
        PRIMARY KEY (conversation_id, topic_id)""",
    "extracted_facts": """
        partner_id {number} NOT NULL,
        conversation_id {number},
        category VARCHAR NOT NULL,
        fact_key VARCHAR NOT NULL,
        fact_value VARCHAR NOT NULL,
        confidence FLOAT DEFAULT 1.0,
        source_message_id {number},
        is_current BOOLEAN DEFAULT TRUE,
        extracted_at TIMESTAMP WITH TIME ZONE DEFAULT now(),
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now(),
        updated_at TIMESTAMP WITH TIME ZONE,
        FOREIGN KEY (partner_id) REFERENCES conversation_partners (id),
        FOREIGN KEY (conversation_id) REFERENCES conversations (id),
        FOREIGN KEY (source_message_id) REFERENCES messages (id)""",
}


def statements(highest: Mapping[str, int]) -> list[str]:
    """What makes the empty tables and their sequences, which go on after the highest numbers.

    Numbers that do not fit into INTEGER make all of them BIGINT.
    """
    wide = max(highest.values(), default=0) > GREATEST_INTEGER
    number = "BIGINT" if wide else "INTEGER"
    made = []
    for table in TABLES:
        columns = DEFINITIONS[table.name].format(number=number)
        if table.has_number:
            sequence = f"{table.name}_id_seq"
            made.append(f"CREATE SEQUENCE {sequence} START {highest.get(table.name, 0) + 1}")
            columns = f"id {number} DEFAULT nextval('{sequence}') PRIMARY KEY,{columns}"
        made.append(f"CREATE TABLE {table.name} ({columns})")
    return made
