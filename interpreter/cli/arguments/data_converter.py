"""A command converts data as its project says: `data_converter` and `encryption` of `[tool.stepfile]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interpreter.cli.arguments.project_file import ProjectFile, find_project

if TYPE_CHECKING:
    from interpreter.temporal.data.converter import DataConverter


def find_data_converter(file: str | None = None) -> DataConverter | None:
    """Make the data converter of the project around the working directory, or else around `file`.

    Args:
        file: The FILE of the command, if it has one.

    Returns:
        The data converter, or None if the project says nothing of it.

    Raises:
        TemporalProblem: a setting is wrong, what it names can't be loaded, or there are no keys.
    """
    project = find_project(file)
    if project is None or not project.settings.keys() & {"data_converter", "encryption"}:
        return None
    project.make_importable()
    from interpreter.temporal.data.explained_encoding import explain_encoding

    converter = _encrypt(project, _load(project))
    return None if converter is None else explain_encoding(converter)


def _load(project: ProjectFile) -> DataConverter | None:
    reference = project.get_reference("data_converter")
    if reference is None:
        return None
    from interpreter.temporal.data.converter import load_data_converter
    from interpreter.temporal.references import SettingProblem

    try:
        return load_data_converter(reference)
    except SettingProblem as problem:
        raise project.explain("data_converter", problem.message, problem.hint) from None


def _encrypt(project: ProjectFile, converter: DataConverter | None) -> DataConverter | None:
    table = project.get_table("encryption")
    if table is None:
        return converter
    from interpreter.temporal.data.encryption import encrypt_payloads
    from interpreter.temporal.data.encryption_settings import read_key_source
    from interpreter.temporal.data.keys import EncryptionProblem
    from interpreter.temporal.references import SettingProblem

    try:
        return encrypt_payloads(read_key_source(table, project.folder), converter)
    except SettingProblem as problem:
        raise project.explain("encryption", problem.message, problem.hint) from None
    except EncryptionProblem as problem:
        raise project.explain("encryption", f"can't be used: {problem.message}", problem.hint) from None
