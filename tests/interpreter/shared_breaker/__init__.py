"""Tests of circuit breakers that runs share, without Temporal."""
