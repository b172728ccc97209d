"""Long runs: many items, many small steps, against the same written by hand."""
