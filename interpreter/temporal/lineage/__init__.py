"""The runs of one workflow id: which of them there were beside a run, and what each has undone."""
