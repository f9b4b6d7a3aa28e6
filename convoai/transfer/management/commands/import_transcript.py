"""manage.py import_transcript: talks from files of other programs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from convoai.refusals import Refusal
from convoai.transfer.next_steps import NEXT_STEPS
from convoai.transfer.owners import owner_of
from convoai.transfer.transcripts.moments import iso_moment, zone
from convoai.transfer.transcripts.registry import FORMATS
from convoai.transfer.transcripts.services import known_conversation, store_transcript
from convoai.transfer.transcripts.speakers import (
    MOST_SHOWN,
    UnknownSpeakers,
    read_mapping,
    who_is_this,
)
from convoai.transfer.transcripts.transcript import (
    Transcript,
    Wishes,
    printable,
    read_transcript,
    title_of,
)
from partners.models import ConversationPartner

LARGEST_FILE = 256_000_000


class Command(BaseCommand):
    help = (
        "Make talks of transcripts: WebVTT, SubRip, Otter, `Name: words`, WhatsApp, Deepgram, and "
        "JSON and CSV of our own. One file is one talk; the same file again makes no second one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--partner", required=True, metavar="NAME|ID")
        parser.add_argument("--me", default="", metavar="SPEAKER", help="your name in the files")
        parser.add_argument("--owner", metavar="EMAIL", help="whose partner it is")
        parser.add_argument(
            "--speaker",
            action="append",
            default=[],
            metavar="NAME=ROLE",
            help="user, partner, skip (leave out) or text (no name); repeat it for each name",
        )
        parser.add_argument("--date", metavar="TIME", help="when the recording began (ISO 8601)")
        parser.add_argument("--naive-tz", default="UTC", help="zone of times without one")
        parser.add_argument("--date-order", choices=["day", "month"], default="")
        parser.add_argument("--format", choices=list(FORMATS), help="default: told by the content")
        parser.add_argument("--title", help="default: the file's name")
        parser.add_argument("--dry-run", action="store_true", help="say what would be imported")

    def handle(self, *args: Any, **options: Any) -> None:
        partner = chosen_partner(options["partner"], options["owner"])
        wishes = wishes_of(options)
        imported = failed = 0
        for path in options["files"]:
            try:
                imported += self.import_file(path, partner, wishes, options)
            except UnknownSpeakers as unknown:
                failed += 1
                self.stderr.write(f"{path.name}: {question(path, unknown.names, options)}")
            except Refusal as refusal:
                failed += 1
                self.stderr.write(f"{path.name}: {refusal.message}")
        for step in NEXT_STEPS if imported else ():
            self.stdout.write(step)
        if failed:
            raise CommandError(f"{failed} of {len(options['files'])} files were not imported.")

    def import_file(
        self,
        path: Path,
        partner: ConversationPartner,
        wishes: Wishes,
        options: Mapping[str, Any],
    ) -> bool:
        """Import one file, or say what would be; returns whether it made a new talk."""
        transcript = read_transcript(
            file_bytes(path), partner_name=partner.name, wishes=wishes, now=timezone.now()
        )
        for line in description(transcript):
            self.stdout.write(f"{path.name}: {line}")
        if options["dry_run"]:
            known = known_conversation(user=partner.user, transcript=transcript)
            would = f"is there already as conversation {known.pk}" if known else "would be imported"
            self.stdout.write(f"{path.name}: {would}.")
            return False
        # Without a terminal there is no bar, only the lines.
        bar = tqdm(total=len(transcript.messages), unit="message", disable=None, file=sys.stderr)
        with bar:
            conversation, is_new = store_transcript(
                user=partner.user,
                partner=partner,
                transcript=transcript,
                title=printable(options["title"] or "") or title_of(path.name),
                progress=bar.update,
            )
        done = "imported" if is_new else "is there already"
        self.stdout.write(f"{path.name}: {done} as conversation {conversation.pk}.")
        return is_new


def description(transcript: Transcript) -> list[str]:
    """What was found in a file, line by line."""
    order = f", {transcript.date_order} first" if transcript.date_order else ""
    lines = [
        f"{len(transcript.messages):,} messages ({transcript.format}, {transcript.encoding}"
        f"{order}), {transcript.started_at:%Y-%m-%d %H:%M} to {transcript.ended_at:%Y-%m-%d %H:%M}"
    ]
    lines += [
        f"{one.name or '(no name)'} = {one.sender}: {one.messages:,}" for one in transcript.speakers
    ]
    for title, counts in (("left out", transcript.skipped), ("repaired", transcript.repaired)):
        if counts:
            each = ", ".join(f"{count:,} {reason}" for reason, count in sorted(counts.items()))
            lines.append(f"{title}: {each}")
    return lines


def question(path: Path, unknown: Sequence[str], options: Mapping[str, Any]) -> str:
    """The question who is who, and the command that answers it."""
    words = ["manage.py", "import_transcript", str(path), "--partner", options["partner"]]
    for name in ("owner", "date", "date_order", "naive_tz", "format", "title"):
        if options[name]:
            words += [f"--{name.replace('_', '-')}", options[name]]
    if options["me"]:
        words += ["--me", options["me"]]
    for pair in (*options["speaker"], *(f"{name}=partner" for name in unknown[:MOST_SHOWN])):
        words += ["--speaker", pair]
    return (
        f"{who_is_this(unknown)} Map each to user (you), partner, skip (leave the words out) or "
        f"text (no name, but part of the words above), as in\n  {shlex.join(words)}"
    )


def file_bytes(path: Path) -> bytes:
    """The content of a file. Raises Refusal when it cannot be read."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Refusal("too_large", f"It is larger than {LARGEST_FILE:,} bytes; split it.")
        return path.read_bytes()
    except OSError as error:
        raise Refusal("unreadable", f"It cannot be read: {error.strerror}.") from None


def wishes_of(options: Mapping[str, Any]) -> Wishes:
    """What the options say about the files. Raises CommandError."""
    try:
        naive_tz = zone(options["naive_tz"])
        mapping = read_mapping(options["speaker"])
    except Refusal as refusal:
        raise CommandError(refusal.message) from None
    started_at = None
    if options["date"]:
        started_at = iso_moment(options["date"], naive_tz)
        if started_at is None:
            raise CommandError("--date must be ISO 8601, like 2026-01-31 or 2026-01-31T10:00.")
    return Wishes(
        me=options["me"],
        mapping=mapping,
        started_at=started_at,
        format=options["format"],
        date_order=options["date_order"],
        naive_tz=naive_tz,
    )


def chosen_partner(name: str, owner: str | None) -> ConversationPartner:
    """The partner of that number or name. Raises CommandError with what to give instead."""
    partners = ConversationPartner.objects.select_related("user")
    whose = ""
    if owner is not None:
        partners, whose = partners.owned_by(owner_of(owner)), f" of {owner}"
    found: list[ConversationPartner]
    if name.isascii() and name.isdigit() and len(name) < 19:
        found = list(partners.filter(pk=int(name)))
    else:
        found = list(partners.named(name)[:2])
    if not found:
        raise CommandError(f"There is no partner {name}{whose}; add the partner first.")
    if len(found) > 1:
        raise CommandError(f"Several partners are called {name}; give the number, or --owner.")
    return found[0]
