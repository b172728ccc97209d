"""Runs that have failed, or were stopped, are run again from their beginning (`retry`), or go on (`resume`)."""
