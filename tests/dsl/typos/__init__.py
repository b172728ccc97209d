"""A measurement: one letter of a definition is wrong, and the check says where, and what was meant.

`python -m tests.dsl.typos` makes every typo of every shipped definition, and prints what was missed.
"""
