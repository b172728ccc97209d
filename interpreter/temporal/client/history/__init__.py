"""What happened in a run, read from its history: it needs no worker, and tells also what was done from outside."""
