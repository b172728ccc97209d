"""The built-in activity behind `http`: asks a server, and classifies how that went.

Only `activity` and what it imports need httpx; nobody else pays for it.
"""
