"""The talk that a Demo button makes, and takes away again."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from conversations.models import Conversation
from conversations.models.message import Sender
from conversations.services.conversations import create_conversation, delete_conversation
from convoai.accounts.models import User
from convoai.database.transactions import write
from partners.models import ConversationPartner
from partners.services import create_partner, delete_partner

EXTERNAL_ID = "demo-button"
SOURCE = "demo"
TITLE = "A window seat for Biscuit"
# A partner who still has exactly these columns was made here and not touched since.
SARAH = {
    "name": "Sarah Johnson",
    "email": "sarah.johnson@example.org",
    "phone": "+44 7700 900142",
    "relationship": "Friend",
    "notes": "She came with the demo and leaves with it, unless you change anything about her.",
}
# The talk "demo-01" of the fixture has the same words.
TURNS = (
    (
        Sender.USER,
        "Sarah! I haven't seen you since the pottery course finished. How is the new flat?",
    ),
    (
        Sender.PARTNER,
        "Smaller than it looked in the photos, but the kitchen gets the morning sun and I "
        "love it. Biscuit has already claimed the window seat, you know how beagles are.",
    ),
    (
        Sender.USER,
        "Of course he has. Is he still eating your socks?",
    ),
    (
        Sender.PARTNER,
        "Only the left ones. He's four now, and the vet says they grow up at five, so I'm "
        "counting the days. How about you, are you still at the library?",
    ),
    (
        Sender.USER,
        "Still there, and busy: I'm putting together the summer reading festival. And you, "
        "still nursing by night?",
    ),
    (
        Sender.PARTNER,
        "Three nights a week on the children's ward until the end of next month, then I "
        "finally go on to days. I've promised myself that once I sleep like a human being, "
        "I'll run again. I've signed up for the Harbour Half in September.",
    ),
    (
        Sender.USER,
        "A half marathon! I'd keep you company on the Sunday runs, if you don't mind someone "
        "slow. Shall I bake something to celebrate?",
    ),
    (
        Sender.PARTNER,
        "Slow is perfect. And yes please, only nothing with hazelnuts, I'm allergic and I'd "
        "like to live to see the start line. Sunday at nine, by the bridge?",
    ),
)


@write
def create_demo(*, user: User) -> Conversation:
    """The user's demo talk with Sarah Johnson, made when there is none yet; not yet analysed.

    It ends now, with a minute between its messages. A Sarah Johnson of the user who already has
    demo talks takes part in it; anybody else of that name is left alone.
    """
    # Two clicks at once would otherwise make two Sarahs.
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    talk: Conversation | None = (
        Conversation.objects.owned_by(user).filter(external_id=EXTERNAL_ID).first()
    )
    if talk is not None:
        return talk
    now = timezone.now()
    start = now - len(TURNS) * timedelta(minutes=1)
    messages = [
        {
            "sender": sender,
            "speaker": SARAH["name"] if sender == Sender.PARTNER else "",
            "content": words,
            "timestamp": start + minute * timedelta(minutes=1),
        }
        for minute, (sender, words) in enumerate(TURNS)
    ]
    talk, _ = create_conversation(
        user=user,
        partner=_known_sarah(user) or create_partner(user=user, **SARAH),
        title=TITLE,
        messages=messages,
        started_at=start,
        ended_at=now,
        source=SOURCE,
        external_id=EXTERNAL_ID,
    )
    return talk


@write
def remove_demo(*, user: User) -> None:
    """Remove the demo talk, and the partner made for it when nothing else hangs on her.

    Without a demo talk nothing happens. The talks of the fixture stay.
    """
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    for talk in Conversation.objects.owned_by(user).filter(external_id=EXTERNAL_ID):
        delete_conversation(conversation=talk)
    for partner in ConversationPartner.objects.owned_by(user).filter(
        **SARAH,
        image_path__isnull=True,
        image_url__isnull=True,
        conversations__isnull=True,
        facts__isnull=True,
    ):
        delete_partner(partner=partner)


def _known_sarah(user: User) -> ConversationPartner | None:
    own = ConversationPartner.objects.owned_by(user)
    with_demo_talks = own.filter(name=SARAH["name"], conversations__source=SOURCE)
    # One whose demo talk was deleted by itself is left over.
    left_over = own.filter(**SARAH)
    partner: ConversationPartner | None = (
        with_demo_talks.order_by("pk").first() or left_over.order_by("pk").first()
    )
    return partner
