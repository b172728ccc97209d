"""What `dsl.reading.events` uses of the C parser of PyYAML, whose package has no types."""

class Mark:
    index: int

class YAMLError(Exception):
    """The parser raises those of its subclasses that have marks."""

    problem: str
    problem_mark: Mark
    context_mark: Mark | None

class Event:
    """At run time only its subclasses can be imported. Marks count code points, and CRLF as two."""

    start_mark: Mark
    end_mark: Mark

class AliasEvent(Event):
    anchor: str

class ScalarEvent(Event):
    anchor: str | None
    tag: str | None
    value: str
    style: str

class SequenceStartEvent(Event):
    anchor: str | None
    tag: str | None
    flow_style: bool

class SequenceEndEvent(Event): ...

class MappingStartEvent(Event):
    anchor: str | None
    tag: str | None
    flow_style: bool

class MappingEndEvent(Event): ...

class DocumentEndEvent(Event):
    explicit: bool

class CParser:
    def __init__(self, stream: str) -> None: ...
    def get_event(self) -> Event | None: ...
