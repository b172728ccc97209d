"""Tests of the structure: where things stand, how large they are, and what imports what. They read files only."""
