"""The language of Stepfile: YAML text → a checked `Definition`. Pure; usable without temporalio."""

from dsl.check import Checked, InvalidDefinition, check, load
from dsl.model import Definition
from dsl.problems.problem import Problem

__all__ = ["Checked", "Definition", "InvalidDefinition", "Problem", "check", "load"]
