"""A database of the user's that keeps dead letters: SQLite or PostgreSQL, by SQLAlchemy.

Only this room imports SQLAlchemy, which comes with the extra `stepfile[sql]`. `database` is the way in. Importing it
needs the extra; `settings`, `kept` and `problem` do without it, so that those who have no database need it not.
"""
