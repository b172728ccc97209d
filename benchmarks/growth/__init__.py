"""What grows with the number of steps, of runs and of bytes, compared with another interpreter of definitions."""
