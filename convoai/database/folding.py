"""SQL without values: one text for all statements that differ only in what they ask for.

What is kept holds no literal, so that it may be stored and shown: what people said stands in
literals and parameters only.
"""

from __future__ import annotations

import re

# Of a statement; what follows is not looked at, for it may be megabytes of rows.
LONGEST_READ = 20_000
LONGEST_KEPT = 2_000
# Lists of these lose what repeats; they and the other words begin a new item.
REPEATS = frozenset({",", "||", "&&", "OR", "AND", "WHEN"})
BEGINS = REPEATS | {
    *("SELECT", "FROM", "WHERE", "VALUES", "IN", "ON", "RETURNING", "ORDER", "GROUP"),
    *("LIMIT", "OFFSET", "SET", "ELSE", "END", "AS", "USING"),
}
PARTS = re.compile(
    r"""
      (?P<space> \s+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<value>
        (?: [Ee]'(?:[^'\\]+|\\.|\\\Z|'')*(?:'|\Z)
          | (?:[NnBbXx]|[Uu]&)?'[^']*(?:''[^']*)*(?:'|\Z)
          | \$(?P<tag>[A-Za-z_]*)\$ .*? (?:\$(?P=tag)\$|\Z)
          | %s | %\(\w+\)s | \$\d+
          | (?:\d[\w.]*|\.\d\w*)(?:(?<=[eE])[-+]\d+)?
        ) (?:::"?\w+"?(?:\[\])*)*
      )
    | (?P<name> "[^"]*(?:""[^"]*)*(?:"|\Z) )
    | (?P<word> [^\W\d][\w$]* )
    | (?P<sign> (?:(?!--|/\*|%s|%\(|\$)[-+*/<>=~!@\#%^&|:])+ )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
# Their names are made anew each time.
SAVEPOINTS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


class _Level:
    """What stands between two brackets: items, each begun by a word or a comma."""

    def __init__(self, opened_by: str = "") -> None:
        self.done: list[str] = [opened_by]
        self._begun_by = ""
        self._item: list[str] = []
        self._last: str | None = None

    def add(self, text: str) -> None:
        self._item.append(text)

    def begin(self, gap: str, begun_by: str) -> None:
        self._end()
        self._begun_by, self._item = gap + begun_by, []

    def text(self) -> str:
        self._end()
        return "".join(self.done)

    def _end(self) -> None:
        item = "".join(self._item)
        same = item.strip()
        if not (same and same == self._last and self._begun_by.strip().upper() in REPEATS):
            self.done.append(self._begun_by + item)
        self._last = same


def fold(statement: str) -> str:
    """The statement with `?` for every value, single spaces, and lists of any length as one entry.

    `IN (%s, %s)` and `IN (%s)` fold alike, as do one and many rows of VALUES, and any number of
    equal conditions or CASE branches. At most LONGEST_KEPT characters.
    """
    for words in SAVEPOINTS:
        if statement.startswith(words):
            return f"{words} ?"
    levels = [_Level()]
    gap = ""
    for found in PARTS.finditer(statement[:LONGEST_READ]):
        kind, part = found.lastgroup, found[0]
        if kind == "tag":
            kind = "value"
        if kind == "space":
            gap = " "
            continue
        if part in "([" and kind == "other":
            levels.append(_Level(gap + part))
        elif part in ")]" and kind == "other":
            inner = levels.pop().text() + part
            if not levels:
                levels.append(_Level())
            levels[-1].add(inner)
        elif kind == "value":
            levels[-1].add(f"{gap}?")
        elif kind != "name" and part.upper() in BEGINS:
            levels[-1].begin(gap, part)
        else:
            levels[-1].add(gap + part)
        gap = ""
    while len(levels) > 1:
        inner = levels.pop().text()
        levels[-1].add(inner)
    folded = levels[0].text().strip().rstrip(";").replace("ARRAY[?]", "?").replace("%%", "%")
    return folded if len(folded) <= LONGEST_KEPT else f"{folded[: LONGEST_KEPT - 1]}…"
