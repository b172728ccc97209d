"""From bytes to plain data with positions: the stages behind `dsl.reading.reader`, one per file.

`files` → `decoding` → `events` (with `syntax` for what the parser refuses) → `composing` (with `scalars`
and `merging`) → `nodes`; `places` finds a character of a value in the text.
"""
