"""The built-in activity of `http` steps sends a request, and classifies the outcome.

Only `activity` and the modules that it imports need httpx, so that other code does not have to import it.
"""
