"""Weights of the traits in features.py.

Fitted by logistic regression (L2, C = 0.01 on standardised traits, then scaled back) to five
public dialogues of 2,960 messages in which people marked what each speaker reveals; checked by
leaving one dialogue out at a time. Only these numbers came from the dialogues, no words.
"""

from __future__ import annotations

WEIGHTS = {
    "bias": 2.239,
    "length": 0.131,
    "said_length": 0.078,
    "content": 0.029,
    "long_words": 0.181,
    "i": 0.072,
    "you": -0.138,
    "i_as_subject": 0.191,
    "i_am": 0.128,
    "my": 0.189,
    "time": 0.179,
    "family": 0.273,
    "praise": -0.083,
    "names": 0.076,
    "quoted": 0.541,
    "opens_with_applause": -0.325,
    "opens_with_goodbye": -1.326,
    "farewell": -0.235,
    "own_statements": 0.069,
    "richest": 0.097,
    "about_listener": 0.208,
    "question": -0.236,
    "only_questions": 0.903,
    "past": -0.068,
    "i_did": 0.151,
    "i_am_doing": 0.662,
    "been": 0.313,
    "rich_clauses": 0.127,
    "first": 0.352,
    "last": -0.344,
    "talk_length": -0.531,
    "answers": 0.424,
    "after_question": 0.365,
    "asked_next": -0.105,
    "asked_of_next": -0.269,
    "applauded_next": 0.340,
    "length_before": -0.077,
    "length_after": -0.048,
    "taken_up_next": 0.203,
    "content_here": 0.175,
    "content_beside": 0.019,
    "told_in_all": -0.390,
    "own_rank": -0.242,
    "telling_rank": -0.323,
    "said_richer": 0.550,
    "length_here": 0.187,
    "fresh": 0.052,
    "fresh_share": 0.362,
    "repeated": -0.174,
}

# A message worth at least this much is searched for statements of any kind; below it only for
# those that a rule knows.
WORTH_READING = 0.37
# A plain wish is kept from here on.
WORTH_A_WISH = 0.30
