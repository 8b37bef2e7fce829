"""The FEEL library (DMN 10.3.4), one module a family."""

from . import contexts, conversions, intervals, lists, numbers, strings, times
from .signature import BUILTINS

__all__ = ["BUILTINS", "contexts", "conversions", "intervals", "lists", "numbers", "strings", "times"]
