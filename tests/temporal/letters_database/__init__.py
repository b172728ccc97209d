"""Tests of letters in a database, each with SQLite and with a real PostgreSQL."""
