"""Tests of circuit breakers that runs share, on a real server."""
