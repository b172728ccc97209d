"""A story that gives each panel of the dashboard something to show, and the picture of it in the docs."""
