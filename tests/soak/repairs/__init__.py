"""The soak of repairs: sagas that have failed, or still run, are reset and started again, and none may lie."""
