"""The same messages in two other search engines, next to which the text search is measured."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from crowd import FUNCTION_WORDS

Said = tuple[int, int, str]


class Peer(Protocol):
    """Finds the ids of an owner's messages that hold any word of a question, best first."""

    name: str

    def fill(self, rows: Iterable[Said]) -> None: ...
    def find(self, owner: int, words: list[str], limit: int) -> list[int]: ...


def asked_words(question: str) -> list[str]:
    """The words a peer is asked for: those that a search engine would not throw away."""
    return [word for word in question.lower().strip("?").split() if word not in FUNCTION_WORDS]


class SQLite:
    """FTS5 with its Porter stemmer; the owner is a column beside the text."""

    name = "SQLite FTS5"

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "messages.sqlite")

    def fill(self, rows: Iterable[Said]) -> None:
        with self.connection as connection:
            connection.execute(
                "CREATE VIRTUAL TABLE messages USING fts5"
                "(content, owner, tokenize='porter unicode61', content='', columnsize=1)"
            )
            connection.executemany(
                "INSERT INTO messages (rowid, owner, content) VALUES (?, 'u' || ?, ?)", rows
            )

    def find(self, owner: int, words: list[str], limit: int) -> list[int]:
        either = " OR ".join(f'"{word}"' for word in words)
        rows = self.connection.execute(
            "SELECT rowid FROM messages WHERE messages MATCH ? ORDER BY bm25(messages, 1, 0)"
            " LIMIT ?",
            (f"owner:u{owner} AND content:({either})", limit),
        )
        return [rowid for (rowid,) in rows]


class Tantivy:
    """tantivy with its English stemmer; the owner is a field that must match."""

    name = "tantivy"

    def __init__(self, folder: Path) -> None:
        import tantivy

        self.library: Any = tantivy
        builder = tantivy.SchemaBuilder()
        builder.add_integer_field("id", stored=True)
        builder.add_text_field("owner", tokenizer_name="raw", index_option="basic")
        builder.add_text_field("content", tokenizer_name="en_stem", index_option="freq")
        self.schema = builder.build()
        self.index = tantivy.Index(self.schema, path=str(folder))
        self.searcher: Any = None

    def fill(self, rows: Iterable[Said]) -> None:
        writer = self.index.writer(heap_size=256_000_000, num_threads=1)
        for number, owner, content in rows:
            writer.add_document(
                self.library.Document(id=number, owner=f"u{owner}", content=content)
            )
        writer.commit()
        writer.wait_merging_threads()
        self.index.reload()
        self.searcher = self.index.searcher()

    def find(self, owner: int, words: list[str], limit: int) -> list[int]:
        query = self.library.Query
        occur = self.library.Occur
        own = query.const_score_query(query.term_query(self.schema, "owner", f"u{owner}"), 0.0)
        said = self.index.parse_query(" ".join(words), ["content"])
        both = query.boolean_query([(occur.Must, own), (occur.Must, said)])
        found = self.searcher.search(both, limit)
        return [self.searcher.doc(place)["id"][0] for _, place in found.hits]
