"""What people work as."""

from __future__ import annotations

from convoai.analysis.offline.lexicon import words

PROFESSIONS = words(
    "accountant actor actress actuary advocate analyst anaesthetist animator archaeologist"
    " architect archivist artist assistant astronomer athlete attorney auditor author baker"
    " banker barber barista bartender beautician biologist blacksmith bookkeeper botanist"
    " bricklayer broker builder butcher buyer captain carer caretaker carpenter cashier chef"
    " chemist choreographer cleaner clerk coach cobbler comedian composer conductor consultant"
    " contractor cook coordinator counsellor counselor courier curator dancer decorator dentist"
    " designer detective developer dietitian diplomat director doctor dressmaker driver"
    " ecologist economist editor electrician engineer entrepreneur estate farmer firefighter"
    " fisherman florist freelancer gardener geologist goldsmith guard guide hairdresser handyman"
    " historian housekeeper illustrator instructor interpreter janitor jeweller joiner"
    " journalist judge laboratory landscaper lawyer lecturer librarian lifeguard locksmith"
    " magician manager marketer mason mechanic mediator midwife miner minister model musician"
    " nanny notary novelist nurse nutritionist officer operator optician painter paramedic"
    " pastor pediatrician pharmacist photographer physician physicist physio physiotherapist"
    " pilot plumber podcaster poet politician porter postman potter principal producer professor"
    " programmer psychiatrist psychologist publisher radiographer realtor receptionist recruiter"
    " reporter researcher roofer sailor salesman salesperson saleswoman scientist sculptor"
    " secretary seamstress singer sociologist soldier solicitor statistician stylist supervisor"
    " surgeon surveyor tailor teacher technician therapist trainer translator tutor undertaker"
    " upholsterer vet veterinarian videographer violinist waiter waitress watchmaker weaver"
    " welder writer zoologist ceo cto cfo founder lead"
)
# Stand in front of a profession often, and would not be read as one alone.
ENDINGS = ("ologist", "ographer", "iatrist", "therapist", "keeper", "maker", "smith")


def is_profession(word: str) -> bool:
    """Whether the lower-case word names a profession."""
    return word in PROFESSIONS or (len(word) > 7 and word.endswith(ENDINGS))
