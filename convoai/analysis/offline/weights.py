"""Weights of the traits in features.py.

Fitted by logistic regression (L2, C = 0.01 on standardised traits, then scaled back) to five
public dialogues of 2,960 messages in which people marked what each speaker reveals; checked by
leaving one dialogue out at a time. Only these numbers came from the dialogues, no words.
"""

from __future__ import annotations

WEIGHTS = {
    "bias": 2.252,
    "length": 0.131,
    "said_length": 0.079,
    "content": 0.030,
    "long_words": 0.182,
    "i": 0.071,
    "you": -0.139,
    "i_as_subject": 0.202,
    "i_am": 0.130,
    "my": 0.193,
    "time": 0.178,
    "family": 0.274,
    "praise": -0.082,
    "names": 0.072,
    "quoted": 0.546,
    "opens_with_applause": -0.325,
    "opens_with_goodbye": -1.328,
    "farewell": -0.235,
    "own_statements": 0.065,
    "richest": 0.099,
    "about_listener": 0.207,
    "question": -0.235,
    "only_questions": 0.900,
    "past": -0.068,
    "i_did": 0.157,
    "i_am_doing": 0.664,
    "been": 0.316,
    "rich_clauses": 0.142,
    "first": 0.333,
    "last": -0.347,
    "talk_length": -0.545,
    "answers": 0.425,
    "after_question": 0.361,
    "asked_next": -0.098,
    "asked_of_next": -0.278,
    "applauded_next": 0.343,
    "length_before": -0.075,
    "length_after": -0.048,
    "taken_up_next": 0.202,
    "content_here": 0.179,
    "content_beside": 0.019,
    "told_in_all": -0.399,
    "own_rank": -0.247,
    "telling_rank": -0.287,
    "said_richer": 0.550,
    "length_here": 0.188,
    "fresh": 0.053,
    "fresh_share": 0.358,
    "repeated": -0.174,
}

# A message worth at least this much is searched for statements of any kind; below it only for
# those that a rule knows.
WORTH_READING = 0.37
# A plain wish is kept from here on.
WORTH_A_WISH = 0.30
