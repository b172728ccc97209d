"""What `deploy/` ships is right, as far as it can be tried without a cluster."""
