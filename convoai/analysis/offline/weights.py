"""Weights of the traits in features.py.

Fitted by logistic regression (L2, C = 0.01 on standardised traits, then scaled back) to five
public dialogues of 2,960 messages in which people marked what each speaker reveals; checked by
leaving one dialogue out at a time. Only these numbers came from the dialogues, no words.
"""

from __future__ import annotations

WEIGHTS = {
    "bias": 2.227,
    "length": 0.129,
    "said_length": 0.077,
    "content": 0.029,
    "long_words": 0.182,
    "i": 0.072,
    "you": -0.138,
    "i_as_subject": 0.192,
    "i_am": 0.127,
    "my": 0.189,
    "time": 0.181,
    "family": 0.273,
    "praise": -0.084,
    "names": 0.076,
    "quoted": 0.541,
    "opens_with_applause": -0.326,
    "opens_with_goodbye": -1.325,
    "farewell": -0.236,
    "own_statements": 0.068,
    "richest": 0.098,
    "about_listener": 0.209,
    "question": -0.235,
    "only_questions": 0.898,
    "past": -0.068,
    "i_did": 0.152,
    "i_am_doing": 0.662,
    "been": 0.314,
    "rich_clauses": 0.121,
    "first": 0.355,
    "last": -0.343,
    "talk_length": -0.529,
    "answers": 0.424,
    "after_question": 0.365,
    "asked_next": -0.106,
    "asked_of_next": -0.268,
    "applauded_next": 0.339,
    "length_before": -0.076,
    "length_after": -0.047,
    "taken_up_next": 0.203,
    "content_here": 0.175,
    "content_beside": 0.019,
    "told_in_all": -0.389,
    "own_rank": -0.243,
    "telling_rank": -0.324,
    "said_richer": 0.546,
    "length_here": 0.186,
    "fresh": 0.053,
    "fresh_share": 0.364,
    "repeated": -0.173,
}

# A message worth at least this much is searched for statements of any kind; below it only for
# those that a rule knows.
WORTH_READING = 0.37
# A plain wish is kept from here on.
WORTH_A_WISH = 0.30
