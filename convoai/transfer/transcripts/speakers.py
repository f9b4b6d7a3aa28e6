"""Which speakers of a file are the user, and which the partner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from conversations.transcripts import ME, THEM
from convoai.database.fields import casefold_key
from convoai.refusals import Refusal
from convoai.transfer.transcripts.reading import Turn

USER, PARTNER = "user", "partner"
# The words of a third person are left out; what only looks like a name is part of the words.
SKIP, TEXT = "skip", "text"
ROLES = (USER, PARTNER, SKIP, TEXT)
MOST_SHOWN = 20
LONGEST_SHOWN = 60
PLACE = ("body", "speaker")


class UnknownSpeakers(Refusal):
    """Names that may be anybody's; `names` in the order of the file."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__("unknown_speakers", _question(names), place=PLACE)
        self.names = names


def read_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """Keys of names and their roles, from `Name=user` and the like.

    Raises Refusal `invalid_speaker`.
    """
    mapping = {}
    for pair in pairs:
        name, mark, role = pair.rpartition("=")
        role = role.strip().lower()
        if not mark or role not in ROLES:
            message = "Write speakers as Name=user, Name=partner, Name=skip or Name=text."
            raise Refusal("invalid_speaker", message, place=PLACE)
        mapping[casefold_key(name)] = role
    return mapping


def roles_of(
    names: Sequence[str], *, me: str, partner_name: str, mapping: Mapping[str, str]
) -> dict[str, str]:
    """The role of each name: one of ROLES.

    In this order: what the mapping says; the name of the user (`me`); the partner's name or first
    name; words like `me` and `them`; no name at all is the partner's. One speaker who is left
    over is the other side of the talk. Raises UnknownSpeakers with the names of those who cannot
    be told, and how to map them.
    """
    mine = casefold_key(me)
    partner_key = casefold_key(partner_name)
    theirs = {partner_key, *partner_key.split()[:1]}
    roles: dict[str, str] = {}
    for name in names:
        key = casefold_key(name)
        if key in mapping:
            roles[name] = mapping[key]
        elif mine and key == mine:
            roles[name] = USER
        elif key in theirs or key in THEM or not key:
            roles[name] = PARTNER
        elif not mine and key in ME:
            roles[name] = USER
    unknown = [name for name in names if name not in roles]
    left_over = _left_over(set(roles.values()), has_me=bool(mine))
    if len(unknown) == 1 and left_over:
        roles[unknown.pop()] = left_over
    if unknown:
        raise UnknownSpeakers(unknown)
    return roles


def _left_over(known: set[str], *, has_me: bool) -> str | None:
    """Who a single further speaker is; None when that cannot be told."""
    known = known - {SKIP, TEXT}
    if known == {USER}:
        return PARTNER
    # A user who was named and is not in the file was perhaps misspelt.
    if known == {PARTNER} and not has_me:
        return USER
    return None


def _question(unknown: Sequence[str]) -> str:
    first = unknown[0][:LONGEST_SHOWN].replace('"', "")
    return (
        f"{who_is_this(unknown)} Name yourself with me=, and map each other one with "
        f'speaker="{first}=user", "{first}=partner", "{first}=skip" to leave the words out, or '
        f'"{first}=text" where it is no name but part of the words above.'
    )


def who_is_this(unknown: Sequence[str]) -> str:
    """The question, with as many names as a person reads."""
    shown = [name[:LONGEST_SHOWN] for name in unknown[:MOST_SHOWN]]
    more = f" and {len(unknown) - len(shown):,} more" if len(unknown) > len(shown) else ""
    return f"Who is this: {', '.join(shown)}{more}?"


def without_false_names(turns: Sequence[Turn], roles: Mapping[str, str]) -> list[Turn]:
    """The turns, those whose name is none (role "text") joined to the one above."""
    if TEXT not in roles.values():
        return list(turns)
    groups: list[tuple[Turn, list[str]]] = []
    for turn in turns:
        is_text = not turn.sender and roles[turn.speaker] == TEXT
        if not is_text:
            groups.append((turn, [turn.content]))
            continue
        words = f"{turn.speaker}: {turn.content}"
        if groups:
            groups[-1][1].append(words)
        else:
            groups.append((replace(turn, speaker="", sender=PARTNER), [words]))
    return [replace(turn, content="\n".join(words)) for turn, words in groups]
