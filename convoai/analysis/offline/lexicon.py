"""Words by what they do in a sentence. General English; nothing about any one talk."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


I_WORDS = words("i i'm i've i'd i'll im ive me my mine myself")
WE_WORDS = words("we we're we've we'd we'll us our ours ourselves")
SPEAKER_WORDS = I_WORDS | WE_WORDS
YOU_WORDS = words("you you're you've you'd you'll your yours yourself u ya y'all")
THIRD_WORDS = words(
    "he she they it his her hers their theirs its them him he's she's they're they've it's he'd"
    " she'd they'd he'll she'll they'll"
)
ANAPHORS = words(
    "it it's its that that's this these those they they're they've them he she he's she's"
)

NEGATIONS = words("not no never nor none nobody nothing neither hardly cannot without")
AUXILIARIES = words(
    "am is are was were be been being do does did have has had can could will would shall should"
    " may might must"
)
QUESTION_WORDS = words("who what when where why how which whose whom")

# Carry no content of their own: grammar, small talk, applause.
PLAIN_WORDS = (
    SPEAKER_WORDS
    | YOU_WORDS
    | THIRD_WORDS
    | NEGATIONS
    | AUXILIARIES
    | QUESTION_WORDS
    | words(
        "a an the and or but so if of to in on at for with from by as than then yes that this these"
        " those there here really very too also more most some any all one about out up down into"
        " over after before because while just gonna wanna gotta lot lots get got go going thing"
        " things something anything everything time make makes made great good nice awesome cool"
        " amazing wow thanks thank hey hi hello yeah yep sure ok okay oh well love like feel feels"
        " felt know see sounds sound glad happy hope keep think definitely totally always never"
        " back much many new day way life people that's there's what's it'd"
    )
)

PAST_VERBS = words(
    "went got took made had was were did saw met bought found began felt gave came told left"
    " lost won became ran wrote read built taught spent put hit quit sold broke hurt caught"
    " drove flew ate grew knew thought brought chose fell forgot held kept led meant paid rode"
    " said sang sat sent shot slept spoke stood swam threw understood woke wore drew drank"
    " fought hid laid learnt rose sought shook stole struck swore tore wound bred dealt dug fed"
    " fled forgave froze hung lent lit rang heard overheard overcame lay lied swum drunk sank"
    " shut slid spun spread stuck stung swept swung bent bet bit bled blew burnt cost crept cut"
)
# End in -ed without being past tense.
NOT_PAST = words(
    "need feed breed speed bleed seed weed exceed proceed succeed embed shed wed indeed red bed"
)

TIME_WORDS = words(
    "yesterday today tonight tomorrow week weeks weekend weekends month months year years ago last"
    " next monday tuesday wednesday thursday friday saturday sunday january february march april"
    " may june july august september october november december recently lately soon summer spring"
    " winter fall autumn morning evening night since already currently now nowadays anymore"
)
FAMILY_WORDS = words(
    "mom mum mother dad father wife husband son daughter kids kid children child sister brother"
    " girlfriend boyfriend fiance fiancé fiancée partner grandma grandpa grandmother grandfather"
    " aunt uncle cousin niece nephew family parents twins baby friend friends buddy colleague"
    " colleagues coworker neighbor neighbour roommate dog dogs cat cats puppy kitten pet pets"
)
PRAISE_WORDS = words(
    "great amazing awesome wonderful cool nice inspiring beautiful incredible fun lovely sweet"
    " impressive fantastic proud glad happy"
)
STATE_VERBS = words(
    "love enjoy like prefer hate want need hope plan planning think believe feel know work live"
    " teach study play own"
)
# Advice and requests to the listener tell little of the speaker.
IMPERATIVES = words(
    "don't let let's lets keep check take remember just try stay hang enjoy go look see come have"
    " tell be never give make send call ask ignore forget show wait listen imagine think print mark"
    " add do please thank thanks congrats start avoid consider stop stay choose focus find get use"
)
APPLAUSE = words(
    "wow awesome cool nice great congrats congratulations woah whoa amazing sounds that's lovely"
    " wonderful fantastic"
)
THANKS = words("thanks thank thx cheers")
GREETINGS = words("hey hi hello hiya")
ASSENTS = words("yeah yep yes yup absolutely totally definitely sure exactly agreed true")
GOODBYES = words("bye later goodbye cya")
FAREWELL_PHRASES = (
    "take care",
    "talk to you",
    "see you",
    "talk soon",
    "stay safe",
    "catch you",
    "have a good",
)
