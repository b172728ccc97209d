"""Tests of how runs are found and read, on real servers with search attributes and without."""
