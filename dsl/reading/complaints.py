"""The composer complains in these words: one function for each problem code."""

from __future__ import annotations

from typing import NamedTuple

from dsl.reading.scalars import JsonScalar

_SHOWN = 60


class Complaint(NamedTuple):
    """A complaint is a problem without its place."""

    code: str
    message: str
    hint: str | None = None


def cut(text: str) -> str:
    """Cut text of any length, so that it is short enough for a message."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def describe_duplicate_key(key: str) -> Complaint:
    return Complaint(
        "duplicate-key",
        f'"{cut(key)}" stands twice in this map',
        "write <<: [*one, *other]" if key == "<<" else "remove or rename one of the two",
    )


def describe_key_not_text(key: str, data: JsonScalar) -> Complaint:
    if not key:
        return Complaint(
            "key-not-text", "a key is missing before the colon", 'write a key, or "" for an empty one'
        )
    kind = "null" if data is None else str(data).lower() if isinstance(data, bool) else "a number"
    return Complaint(
        "key-not-text", f"the key {cut(key)} is read as {kind}, not as text", f'write "{cut(key)}"'
    )


def describe_complex_key() -> Complaint:
    return Complaint(
        "complex-key",
        "a map or list cannot be a key",
        "keys are text; is there one ? or { too many, or a ${ } without quotes?",
    )


def describe_tag(name: str) -> Complaint:
    remedy = "put the value in quotes to have it as text" if name == "!!str" else "remove the tag"
    return Complaint("tag", f"the tag {cut(name)} cannot be used: definitions are plain data", remedy)


def describe_unknown_alias(name: str) -> Complaint:
    return Complaint(
        "unknown-alias",
        f"there is no anchor &{cut(name)} before this alias",
        f"write &{cut(name)} before the value that is meant, or put the text in quotes if no alias is meant",
    )


def describe_recursive_alias(name: str) -> Complaint:
    return Complaint("recursive-alias", f"*{cut(name)} stands inside the value that &{cut(name)} names")


def describe_bad_merge() -> Complaint:
    return Complaint("bad-merge", "<< takes a map or a list of maps", "write <<: *name or <<: [*one, *other]")


def describe_too_deep(limit: int) -> Complaint:
    return Complaint("too-deep", f"maps and lists are nested more than {limit} levels deep")


def describe_too_many_nodes(limit: int) -> Complaint:
    return Complaint(
        "too-many-nodes",
        f"the file has more than {limit:,} keys and values up to here",
        "aliases count as what they stand for",
    )


def describe_several_documents() -> Complaint:
    return Complaint("several-documents", "a second document begins here", "a file holds one definition")


def describe_stray_text() -> Complaint:
    return Complaint(
        "yaml-syntax",
        "this does not belong to what stands before it",
        "the value above is complete: does it lack a colon, or is the indentation wrong?",
    )


def describe_too_many_problems(limit: int) -> Complaint:
    return Complaint("too-many-problems", f"after {limit:,} problems the rest of the file was not read")
