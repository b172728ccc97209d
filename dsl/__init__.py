"""The language of Stepfile: YAML text → a checked `Definition`. Pure; usable without temporalio.

`dsl.check` is the way in. This file imports nothing, so that a command that needs one small file of the language does
not load all of it.
"""
