"""A debugger for the chain rule: step through forward and backward pass, both ways, one operation at a time."""

from viz.debugger.commands import Debugger, debug

__all__ = ["Debugger", "debug"]
