"""What each action does: one file per kind. None knows another; blocks are handed `run_steps`."""
