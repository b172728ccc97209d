"""An `http` step sends a request."""

import re
from typing import Annotated, Any, Literal

from pydantic_core import PydanticCustomError

from dsl.model.model import Model, key
from dsl.model.values import Many, Maybe, Value, build_number_or_text_schema, read_by


def _read_status(data: Any) -> int | str:
    if isinstance(data, int) and not isinstance(data, bool) and 100 <= data <= 599:
        return data
    if isinstance(data, str) and re.fullmatch(STATUS_CLASS, data):
        return data
    raise PydanticCustomError("status", "")


STATUS = "a status (200) or a class of them (2xx)"
STATUS_CLASS = "[1-5]xx"
Status = Annotated[
    int | str,
    read_by(_read_status),
    build_number_or_text_schema(100, 599, f"^{STATUS_CLASS}$", STATUS),
]
"""A status code, or a class of them: `2xx`."""


class HttpRequest(Model):
    """Describe a request. A request that fails with the status 408, 425, 429 or 5xx is tried again."""

    noun = '"http"'

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = key(
        "Method of the request.", example="POST", default="GET"
    )
    url: Value = key(
        "Where the request is sent. The configuration of the worker says which hosts are allowed.",
        example="https://api.example.com/orders/${ input.order_id }",
    )
    headers: dict[str, Value] = key(
        "Headers of the request.", example={"Idempotency-Key": "${ step.key }"}, default={}
    )
    query: dict[str, Value] = key(
        "Parameters of the query string. They are escaped, and appended to the URL.",
        example={"page": "${ input.page }"},
        default={},
    )
    json_: Maybe[Value] = key(
        "Body of the request, sent as JSON.", example={"sku": "${ input.sku }"}, default=None, alias="json"
    )
    body: Maybe[Value] = key("Body of the request, as text.", example="ping", default=None)
    expect: Many[Status] = key(
        "Statuses that are a success. With any other status the step fails.",
        example=["2xx", 404],
        default=("2xx",),
        min_length=1,
    )
