"""Dead letters that are kept until somebody acts on them: what one is, and what becomes of it.

A letter is about one effect that has failed for good. All here is pure: times and ids are handed in.
"""
