"""One short word for everything that is stored about a partner: it changes when any of it does."""

from __future__ import annotations

from typing import Any

from convoai.api.fields import BIGINT
from convoai.database.reading import reading_connection

# PostgreSQL gives each new version of a row a place (ctid) and the transaction that wrote it
# (xmin), so no column has to be kept up to date and a change by bare SQL counts, too. Of messages
# only their number in each talk matters here: the index answers that. Sums do not depend on the
# order of rows.
VERSION = """
SELECT concat_ws(
    ' ', partner.ctid, partner.xmin,
    (SELECT sum(hashtextextended(concat_ws(' ', fact.ctid, fact.xmin), 0))
     FROM extracted_facts AS fact WHERE fact.partner_id = partner.id),
    '-',
    (SELECT sum(hashtextextended(concat_ws(' ', talk.ctid, talk.xmin), 0))
     FROM conversations AS talk WHERE talk.partner_id = partner.id),
    '-',
    (SELECT sum(hashtextextended(concat_ws(' ', link.ctid, link.xmin, topic.ctid, topic.xmin), 0))
     FROM conversations AS talk
     JOIN conversation_topics AS link ON link.conversation_id = talk.id
     JOIN topics AS topic ON topic.id = link.topic_id
     WHERE talk.partner_id = partner.id),
    '-',
    (SELECT sum(hashint8extended(message.conversation_id, message.position))
     FROM conversations AS talk JOIN messages AS message ON message.conversation_id = talk.id
     WHERE talk.partner_id = partner.id))
FROM conversation_partners AS partner WHERE partner.user_id = %s AND partner.id = %s
"""


def knowledge_version(user: Any, partner_id: int) -> str | None:
    """The version of what is stored about the user's partner: their row, facts, talks, topics.

    Does not tell that the words of a message were changed. None when the user has no such
    partner. One query.
    """
    if user.pk is None or partner_id > BIGINT:
        return None
    with reading_connection().cursor() as cursor:
        cursor.execute(VERSION, [user.pk, partner_id])
        row = cursor.fetchone()
    return row and str(row[0])
