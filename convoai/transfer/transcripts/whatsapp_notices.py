"""What WhatsApp itself writes into a chat: notices, calls, and what stands for media."""

from __future__ import annotations

import re
from collections.abc import Sequence

DIRECTION_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"))
# iOS marks what it writes itself with this character.
OWN_WORDS = "\u200e"

MEDIA = frozenset(
    {
        "<media omitted>",
        "<medien ausgeschlossen>",
        "<multimedia omitido>",
        "<archivo omitido>",
        "<médias omis>",
        "<media omessi>",
        "<mídia oculta>",
        "<arquivo de mídia oculto>",
        "<media weggelaten>",
        "<без медиафайлов>",
    }
)
MEDIA_ENDS = (
    " omitted",
    " weggelassen",
    " omitido",
    " omitida",
    " omis",
    " omise",
    " omesso",
    " omessa",
    " weggelaten",
    " ocultado",
    " ocultada",
)
# Android; a caption may follow on the lines below.
FILE_ENDS = (
    "(file attached)",
    "(datei angehängt)",
    "(archivo adjunto)",
    "(fichier joint)",
    "(file allegato)",
    "(arquivo anexado)",
    "(bestand bijgevoegd)",
)
# iOS: `<attached: 00000012-PHOTO.jpg>`, after a caption perhaps.
ATTACHED = re.compile(OWN_WORDS + r"<[^<>\n:]{1,30}: [^<>\n]{1,200}>")
DELETED = (
    "this message was deleted",
    "you deleted this message",
    "diese nachricht wurde gelöscht",
    "du hast diese nachricht gelöscht",
    "se eliminó este mensaje",
    "eliminaste este mensaje",
    "ce message a été supprimé",
    "vous avez supprimé ce message",
)
EDITED = (
    "<this message was edited>",
    "<diese nachricht wurde bearbeitet.>",
    "<se editó este mensaje.>",
    "<ce message a été modifié>",
)
CALLS = (
    "missed voice call",
    "missed video call",
    "missed group voice call",
    "missed group video call",
    "voice call",
    "video call",
)
# Words of a person that iOS marks all the same.
KEPT = ("poll:", "location:", "umfrage:", "standort:", "encuesta:", "ubicación:")
LONGEST_NOTICE = 300


def words_of(first: str, more: Sequence[str]) -> tuple[str | None, str]:
    """(the words of a message or None, what was left out: "" or a reason).

    `first` is its first line without date and name, `more` the lines below.
    """
    notice = _notice(first) if len(first) <= LONGEST_NOTICE else ""
    if notice == "media" and any(line.strip() for line in more):
        return "\n".join(more).strip(), "media"
    if notice:
        return None, notice
    text = "\n".join([first, *more]).rstrip()
    without_files, files = ATTACHED.subn("", text) if OWN_WORDS in text else (text, 0)
    text = _without_edited(without_files).strip(" \u200e\u200f\n")
    if files:
        return (text or None), "media"
    return text, ""


def _notice(first: str) -> str:
    """What kind of notice a line is; "" for words of a person."""
    is_own = first.startswith(OWN_WORDS)
    text = first.translate(DIRECTION_MARKS).strip().lower()
    if text in MEDIA or text.endswith(FILE_ENDS):
        return "media"
    if text.rstrip(".") in DELETED:
        return "deleted"
    if text == "null":
        return "system"
    if not is_own:
        # A document's name may stand before the mark.
        _, mark, rest = first.partition(OWN_WORDS)
        return "media" if mark and rest.lower().endswith(MEDIA_ENDS) else _call(text, CALLS[:4])
    if text.startswith("<") and ": " in text:
        # An attachment; words may stand beside it.
        return ""
    if text.endswith(MEDIA_ENDS):
        return "media"
    if text.startswith(KEPT):
        return ""
    return _call(text, CALLS) or "system"


def _call(text: str, kinds: tuple[str, ...]) -> str:
    """ "call" for `missed voice call`, also with `, 21:05` after it."""
    return "call" if text.partition(",")[0].rstrip(".") in kinds else ""


def _without_edited(text: str) -> str:
    end = text[-60:].translate(DIRECTION_MARKS).rstrip().lower()
    if end.endswith(EDITED):
        return text[: text.rfind("<")]
    return text
