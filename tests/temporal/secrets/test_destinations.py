"""A secret is given to those only whom the settings allow, if they say who that is."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from temporalio.exceptions import ApplicationError

from interpreter.program.model import HTTP_ACTIVITY
from interpreter.temporal.secrets.destinations import check_destination
from interpreter.temporal.wire.activity_header import ActivityHeader
from interpreter.temporal.wire.current_header import use_header

ALLOWED: Mapping[str, tuple[str, ...]] = {"KEY": ("charge", "api.example.com"), "NONE": ()}


@pytest.mark.parametrize("name", ["charge", "api.example.com"])
def test_who_is_named_gets_it(name: str) -> None:
    check_destination(ALLOWED, ["KEY", "OTHER"], name, None)


@pytest.mark.parametrize(
    "url", ["https://api.example.com/x", "https://API.example.com:8443/?a=https://evil.example"]
)
def test_a_host_that_is_named_gets_it(url: str) -> None:
    check_destination(ALLOWED, ["KEY"], HTTP_ACTIVITY, {"url": url})


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/api.example.com",
        "https://api.example.com@evil.example/",
        "https://api.example.com.evil.example/",
        "https://sub.api.example.com/",
        "x",
        "",
        5,
    ],
)
def test_no_other_host_gets_it(url: object) -> None:
    with pytest.raises(ApplicationError, match="secret KEY may not be given to the host"):
        check_destination(ALLOWED, ["OTHER", "KEY"], HTTP_ACTIVITY, {"url": url})


def test_no_other_activity_gets_it() -> None:
    with pytest.raises(ApplicationError) as refused:
        check_destination(ALLOWED, ["KEY"], "echo", None)
    assert (refused.value.type, refused.value.non_retryable) == ("SecretRefused", True)
    assert refused.value.message == (
        "secret KEY may not be given to activity echo; [tool.stepfile.secrets.allow] allows charge, api.example.com"
    )
    with use_header(ActivityHeader("key", undoes=True)), pytest.raises(ApplicationError) as refused:
        check_destination(ALLOWED, ["KEY"], "echo", None)
    assert not refused.value.non_retryable
    with pytest.raises(ApplicationError, match="allows nobody"):
        check_destination(ALLOWED, ["NONE"], "charge", None)
    check_destination(ALLOWED, ["OTHER"], "echo", None)
