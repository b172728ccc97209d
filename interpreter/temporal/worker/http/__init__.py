"""The built-in activity of `http` steps sends a request, and classifies the outcome.

Only `sender` and the modules that it imports need httpx. They are imported when the first request is sent.
"""
