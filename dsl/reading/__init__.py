"""Bytes become plain data with positions. Each stage behind `dsl.reading.reader` has a file of its own.

The stages are `files` → `decoding` → `events` (with `syntax` for what the parser refuses) → `composing` (with
`scalars` and `merging`). What comes out are the nodes of `dsl.source`.
"""
