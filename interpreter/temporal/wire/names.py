"""Names that Temporal knows us by. They are part of every history: never change them."""

WORKFLOW_TYPE = "stepfile"
DEFAULT_TASK_QUEUE = "stepfile"
STATUS_QUERY = "status"
