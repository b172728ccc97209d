"""Keep dead letters in SQLite or PostgreSQL. This takes the extra `stepfile[sql]`.

    from stepfile.sql import LettersDatabase

    database = LettersDatabase("postgresql://stepfile:secret@db.example.com/letters")
    worker = create_worker(client, activities, letters_database=database)

In a project, `[tool.stepfile] letters_database` does that for all commands.
"""

try:
    from interpreter.temporal.letters_database.database import LettersDatabase
    from interpreter.temporal.letters_database.problem import LettersDatabaseProblem
except ImportError:
    from stepfile._own_packages import require_own_packages

    require_own_packages()
    raise

__all__ = ["LettersDatabase", "LettersDatabaseProblem"]
