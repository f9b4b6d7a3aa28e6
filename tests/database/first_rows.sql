-- Some thousand rows for the tables as the first migrations make them (accounts 0001,
-- conversations 0002, partners 0002).
INSERT INTO users (is_superuser, email, username, hashed_password)
    SELECT false, 'u' || n || '@example.org', 'u' || n, '!' FROM generate_series(1, 2000) AS n;
INSERT INTO api_keys (created, digest, token_key, user_id)
    SELECT now(), 'digest' || n, lpad(n::text, 8, '0'), n FROM generate_series(1, 2000) AS n;
INSERT INTO conversation_partners (user_id, name)
    SELECT n, 'Dana ' || n FROM generate_series(1, 2000) AS n;
INSERT INTO conversations (user_id, partner_id, title)
    SELECT n, n, 'Talk ' || n FROM generate_series(1, 2000) AS n;
INSERT INTO messages (user_id, conversation_id, position, sender, content)
    SELECT n, n, p, 'user', 'Hello, how are you, number ' || n
    FROM generate_series(1, 2000) AS n, generate_series(0, 1) AS p;
INSERT INTO topics (name, name_key)
    SELECT 'topic ' || n, 'topic ' || n FROM generate_series(1, 2000) AS n;
INSERT INTO conversation_topics (user_id, conversation_id, topic_id)
    SELECT n, n, n FROM generate_series(1, 2000) AS n;
INSERT INTO extracted_facts (user_id, partner_id, conversation_id, category, fact_key, fact_value)
    SELECT n, n, n, 'work', 'employer', 'Nordlicht' FROM generate_series(1, 2000) AS n;
