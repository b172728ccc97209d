"""Runs as an operator sees them: which there are, and which of them need somebody."""
