"""Python functions as tools: what the model is told of them, and that each call comes to an end."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from realtime_adapter import ConfigurationError, FunctionTool
from realtime_adapter.functions import split_tools


def opening_hours(day: Literal["mon", "tue"], hours: Annotated[int, Field(ge=1)] = 1) -> str:
    """Say when the shop is open."""
    return f"{day}: {hours}"


async def stock(item: str) -> dict[str, Any]:
    return {"item": item, "counted": date(2026, 11, 25)}


def call(function: Callable[..., Any], arguments: str, **options: Any) -> str:
    return asyncio.run(FunctionTool(function, **options).call(arguments))


def test_the_model_is_told_name_purpose_and_arguments() -> None:
    assert FunctionTool(opening_hours).definition == {
        "type": "function",
        "name": "opening_hours",
        "description": "Say when the shop is open.",
        "parameters": {
            "type": "object",
            "properties": {
                "day": {"enum": ["mon", "tue"], "title": "Day", "type": "string"},
                "hours": {"default": 1, "minimum": 1, "title": "Hours", "type": "integer"},
            },
            "required": ["day"],
            "additionalProperties": False,
        },
    }


def test_text_is_returned_as_it_is_and_anything_else_as_json() -> None:
    assert call(opening_hours, '{"day": "mon", "hours": 3}') == "mon: 3"
    assert json.loads(call(stock, '{"item": "tea"}')) == {"item": "tea", "counted": "2026-11-25"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ('{"day": "sun"}', "day: Input should be 'mon' or 'tue'"),
        ("{}", "day: Missing required argument"),
        ('{"day": "mon", "hours": 0}', "hours: Input should be greater than or equal to 1"),
        ('{"day": "mon", "where": "here"}', "where: Unexpected keyword argument"),
        ('{"day": ', "arguments: Invalid JSON"),
        ("7", "arguments: Arguments must be"),
    ],
)
def test_arguments_that_do_not_fit_are_told_to_the_model(arguments: str, named: str) -> None:
    assert named in json.loads(call(opening_hours, arguments))["error"]


def test_an_exception_is_told_to_the_model() -> None:
    def broken() -> None:
        raise LookupError("no such shelf")

    assert json.loads(call(broken, "{}")) == {"error": "LookupError: no such shelf"}


def test_a_result_that_is_no_json_is_told_to_the_model() -> None:
    def odd() -> object:
        return object()

    assert "odd returned cannot be written as JSON" in json.loads(call(odd, "{}"))["error"]


def test_a_function_that_takes_too_long_is_told_to_the_model() -> None:
    async def slow() -> None:
        await asyncio.Event().wait()

    assert json.loads(call(slow, "{}", timeout_s=0.01)) == {"error": "slow took longer than 0.01 s"}


def test_a_function_that_blocks_does_not_hold_up_the_loop() -> None:
    go_on = threading.Event()

    def blocking() -> str:
        return "done" if go_on.wait(5) else "stuck"

    async def scene() -> str:
        at_work = asyncio.create_task(FunctionTool(blocking).call("{}"))
        await asyncio.sleep(0)
        go_on.set()
        return await at_work

    assert asyncio.run(scene()) == "done"


def anything(*words: str) -> None: ...


def by_position(word: str, /) -> None: ...


def unheard_of(thing: Nothing) -> None: ...  # type: ignore[name-defined] # noqa: F821


@pytest.mark.parametrize("function", [anything, by_position, unheard_of])
def test_a_signature_that_cannot_be_offered_is_named(function: Callable[..., Any]) -> None:
    with pytest.raises(ConfigurationError, match=function.__name__) as caught:
        FunctionTool(function)
    assert caught.value.param == "tools"


def test_definitions_and_functions_stand_side_by_side() -> None:
    definition = {"type": "function", "name": "weather", "parameters": {"type": "object"}}
    definitions, functions = split_tools([definition, opening_hours, FunctionTool(stock)])
    assert [each["name"] for each in definitions] == ["weather", "opening_hours", "stock"]
    assert set(functions) == {"opening_hours", "stock"}


def test_two_functions_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="Two tools are called stock"):
        split_tools([stock, stock])


def test_a_method_is_a_function() -> None:
    @dataclasses.dataclass
    class Shop:
        town: str

        def where(self, side: Literal["front", "back"]) -> str:
            """Say where the shop is."""
            return f"{self.town}, {side}"

    assert call(Shop("Ghent").where, '{"side": "back"}') == "Ghent, back"
