"""The tool's side of GradBench's protocol: lines of JSON come in, and each but the last has its response."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol, TextIO

Message = Mapping[str, Any]
Response = dict[str, Any]


class Tool(Protocol):
    """What can be asked."""

    name: str

    def define(self, module: str) -> Response:
        """Whether a module is there; KeyError if it is not."""

    def evaluate(self, module: str, function: str, given: Any) -> Response:
        """The output and its timings."""


class Task(NamedTuple):
    """One function of a module.

    given  the arguments of `run`, from the message's input
    run    what is timed
    told   its answer as JSON
    """

    given: Callable[[Any], tuple[Any, ...]]
    run: Callable[..., Any]
    told: Callable[[Any], Any]


def serve(tool: Tool, messages: Iterable[str], responses: TextIO) -> None:
    """Answer until the messages end."""
    for line in messages:
        message = json.loads(line)
        if message["kind"] == "end":
            return
        print(json.dumps(response(tool, message)), file=responses, flush=True)


def response(tool: Tool, message: Message) -> Response:
    """The answer to one message; what a tool raises is one too."""
    try:
        return {"id": message["id"]} | _answer(tool, message)
    except Exception as error:  # whatever it is, the other side is told and may ask for something else
        return {"id": message["id"], "success": False, "error": f"{type(error).__name__}: {error}"}


def _answer(tool: Tool, message: Message) -> Response:
    match message["kind"]:
        case "start":
            return {"tool": tool.name}
        case "define":
            return {"success": True} | tool.define(message["module"])
        case "evaluate":
            return {"success": True} | tool.evaluate(message["module"], message["function"], message["input"])
        case _:
            return {}


def timed(task: Task, given: Any) -> Response:
    """Run a task as often, and for as long, as its input says; without a word about it, once."""
    runs, seconds = (given.get("min_runs", 1), given.get("min_seconds", 0)) if isinstance(given, dict) else (1, 0)
    arguments, nanoseconds, output = task.given(given), list[int](), None
    while len(nanoseconds) < max(runs, 1) or sum(nanoseconds) < 1e9 * seconds:
        start = time.perf_counter_ns()
        output = task.run(*arguments)
        nanoseconds.append(time.perf_counter_ns() - start)
    return {"output": task.told(output), "timings": [{"name": "evaluate", "nanoseconds": n} for n in nanoseconds]}
