"""Long runs, of many items and of many small steps, are measured against the same written by hand."""
