"""Weights of the traits in features.py.

Fitted by logistic regression (L2, C = 0.01 on standardised traits, then scaled back) to five
public dialogues of 2,960 messages in which people marked what each speaker reveals; checked by
leaving one dialogue out at a time. Only these numbers came from the dialogues, no words.
"""

from __future__ import annotations

WEIGHTS = {
    "bias": 0.443,
    "length": 0.266,
    "said_length": 0.069,
    "content": 0.150,
    "long_words": 0.200,
    "i": 0.088,
    "you": -0.160,
    "i_as_subject": 0.312,
    "i_am": 0.303,
    "my": 0.191,
    "time": 0.300,
    "family": 0.286,
    "praise": -0.077,
    "names": 0.068,
    "quoted": 0.582,
    "opens_with_applause": -0.260,
    "opens_with_goodbye": -1.310,
    "farewell": -0.262,
    "own_statements": 0.065,
    "richest": 0.210,
    "about_listener": 0.256,
    "question": -0.161,
    "first": 0.457,
    "last": -0.433,
    "talk_length": -1.036,
    "answers": 0.444,
    "after_question": 0.350,
    "asked_next": -0.327,
    "applauded_next": 0.329,
    "length_before": -0.099,
    "length_after": -0.049,
    "taken_up_next": 0.225,
    "fresh": 0.152,
    "fresh_share": 0.366,
    "repeated": -0.151,
}

# A message worth at least this much is searched for statements of any kind; below it only for
# those that a rule knows.
WORTH_READING = 0.40
# A plain wish is kept from here on.
WORTH_A_WISH = 0.30
