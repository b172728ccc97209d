"""Many items of which some fail for good: exactly those are kept as letters, and a bulk redrive does each once."""
