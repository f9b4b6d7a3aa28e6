"""Topics and the words that show them."""

from __future__ import annotations

from convoai.analysis.offline.lexicon import words
from convoai.analysis.result import Category

# Topic: (category, its words). A word may show several topics.
TOPICS: dict[str, tuple[Category, frozenset[str]]] = {
    "Family": (
        "relationship",
        words(
            "family mom mum mother dad father parents son daughter kids children child baby"
            " sister brother grandma grandpa grandmother grandfather aunt uncle cousin niece"
            " nephew twins grandson granddaughter siblings"
        ),
    ),
    "Marriage": (
        "relationship",
        words(
            "wife husband wedding married marriage anniversary engaged fiance fiancé honeymoon"
            " divorce divorced"
        ),
    ),
    "Dating": ("relationship", words("girlfriend boyfriend date dating romantic romance breakup")),
    "Friendship": ("relationship", words("friend friends friendship buddy buddies")),
    "Pets": (
        "interest",
        words(
            "dog dogs cat cats puppy puppies kitten pup pet pets vet beagle shelter leash hamster"
            " rabbit parrot guinea-pig guinea"
        ),
    ),
    "Work": (
        "work",
        words(
            "job work boss office colleague colleagues company client clients manager meeting"
            " meetings promotion salary workplace career coworker coworkers shift"
        ),
    ),
    "Job search": (
        "work",
        words("interview interviews resume application hired recruiter vacancy unemployed laid"),
    ),
    "Business": (
        "work",
        words("business startup store shop customers investors entrepreneur brand sales marketing"),
    ),
    "Studies": (
        "work",
        words(
            "school university college class classes exam exams degree student students study"
            " studying graduate graduated graduation teacher professor course thesis lecture"
        ),
    ),
    "Programming": (
        "work",
        words(
            "code coding programming programmer software developer app apps algorithm database"
            " website bug debugging"
        ),
    ),
    "Money": (
        "personal",
        words(
            "money savings budget loan rent mortgage debt bills expensive salary taxes invest"
            " investment"
        ),
    ),
    "Home": (
        "personal",
        words(
            "house apartment flat home kitchen garden room furniture renovation renovating"
            " landlord neighbor neighbour neighborhood neighbourhood moving"
        ),
    ),
    "Health": (
        "personal",
        words(
            "health doctor hospital sick illness surgery pain injury medication therapy"
            " diagnosis diet checkup check-up recovery symptoms asthma allergy allergic dentist"
            " physio"
        ),
    ),
    "Mental health": (
        "personal",
        words(
            "anxiety stress stressed depression therapist counseling counselling mindfulness"
            " meditation burnout self-care overwhelmed"
        ),
    ),
    "Fitness": (
        "interest",
        words(
            "gym workout workouts exercise fitness yoga training weights marathon running"
            " jogging muscles strength"
        ),
    ),
    "Running": ("interest", words("run running race marathon jogging jog 5k 10k")),
    "Sports": (
        "interest",
        words(
            "game games team season coach basketball football soccer tennis baseball hockey"
            " golf score championship tournament league athlete match"
        ),
    ),
    "Hiking": (
        "interest",
        words("hike hiking hikes trail trails mountain mountains summit trek trekking"),
    ),
    "Camping": ("interest", words("camping campfire tent campsite campground")),
    "Nature": (
        "interest",
        words(
            "nature forest lake beach ocean sunset sunrise river waterfall park wildlife birds"
            " stars"
        ),
    ),
    "Cycling": ("interest", words("bike bikes cycling bicycle ride cyclist")),
    "Swimming": ("interest", words("swim swimming pool swimmer")),
    "Climbing": ("interest", words("climbing climb bouldering climber")),
    "Travel": (
        "interest",
        words(
            "travel traveling travelling trip trips vacation holiday flight flights hotel"
            " airport abroad passport tour tourist visit visited itinerary road-trip"
        ),
    ),
    "Food": (
        "preference",
        words(
            "food eat restaurant dinner lunch breakfast meal meals delicious pizza pasta salad"
            " taste snacks"
        ),
    ),
    "Cooking": (
        "interest",
        words("cook cooking cooked recipe recipes grill grilled kitchen oven chef ingredients"),
    ),
    "Baking": (
        "interest",
        words("bake baking baked cake cakes bread cookies cupcakes pastry pastries dough"),
    ),
    "Coffee and tea": ("preference", words("coffee tea espresso latte cafe café")),
    "Books": (
        "interest",
        words(
            "book books novel novels read reading author library chapter fiction fantasy"
            " bookstore bookshelf"
        ),
    ),
    "Writing": (
        "interest",
        words(
            "write writing wrote screenplay script poem poems poetry blog journal journaling"
            " story stories manuscript"
        ),
    ),
    "Films": (
        "interest",
        words("movie movies film films cinema actor actress director trilogy sequel"),
    ),
    "Television": (
        "interest",
        words("series show shows episode episodes season tv netflix sitcom"),
    ),
    "Music": (
        "interest",
        words(
            "music song songs band concert concerts album sing singing guitar piano violin"
            " drums playlist jazz lyrics festival musician"
        ),
    ),
    "Dance": ("interest", words("dance dancing dancer ballet choreography")),
    "Art": (
        "interest",
        words(
            "art painting paintings paint painted drawing draw sketch gallery artist watercolor"
            " sculpture pottery exhibit exhibition"
        ),
    ),
    "Photography": (
        "interest",
        words("photo photos photography camera photographer picture pictures"),
    ),
    "Games": (
        "interest",
        words(
            "gaming gamer console videogame videogames tournament rpg chess puzzle puzzles"
            " board-games boardgames xbox playstation nintendo vr"
        ),
    ),
    "Technology": (
        "interest",
        words("technology tech computer laptop phone gadget robot robotics internet ai"),
    ),
    "Cars": ("interest", words("car cars engine drive driving truck motorcycle garage mechanic")),
    "Gardening": (
        "interest",
        words("garden gardening plants plant flowers flower vegetables tomatoes seeds soil"),
    ),
    "Fashion": ("preference", words("clothes clothing fashion dress shoes outfit jacket style")),
    "Religion": ("personal", words("church faith prayer pray god temple mosque spiritual")),
    "Volunteering": (
        "life_event",
        words(
            "volunteer volunteering volunteered charity donate donated donation fundraiser"
            " shelter homeless nonprofit community"
        ),
    ),
    "Politics": (
        "personal",
        words("politics political election vote campaign mayor government policy rights protest"),
    ),
    "Environment": (
        "personal",
        words(
            "climate environment recycling sustainability sustainable pollution conservation planet"
        ),
    ),
    "Celebration": (
        "life_event",
        words(
            "birthday party celebrate celebrated celebration christmas thanksgiving easter"
            " festival parade holiday holidays gift gifts"
        ),
    ),
    "Moving house": ("life_event", words("moved moving relocate relocated relocating boxes")),
    "Loss": ("life_event", words("died passed funeral grief grieving loss mourning lost")),
    "Adoption": ("life_event", words("adopt adopting adoption adopted foster")),
    "Identity": (
        "personal",
        words("identity gender transgender lgbtq lgbtq+ pride transition queer trans"),
    ),
    "Parenting": (
        "relationship",
        words(
            "parenting kids toddler diaper bedtime daycare kindergarten newborn pregnant pregnancy"
        ),
    ),
    "Language": (
        "interest",
        words(
            "language languages spanish french german italian japanese chinese fluent"
            " vocabulary grammar"
        ),
    ),
    "Military": ("work", words("military army navy veteran veterans soldier deployed deployment")),
}

TOPICS_OF_WORD: dict[str, list[str]] = {}
for _name, (_category, _shown_by) in TOPICS.items():
    for _word in _shown_by:
        TOPICS_OF_WORD.setdefault(_word, []).append(_name)
