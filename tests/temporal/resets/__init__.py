"""A run that was reset must not take for done what was undone since."""
