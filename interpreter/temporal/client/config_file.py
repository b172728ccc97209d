"""Temporal's own tools can be configured in a file, whose place depends on the system.

This file does not import temporalio, which takes a fifth of a second.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def locate_config_file() -> Path:
    """Return where the SDK looks for profiles: `config_dir()` of Rust's crate `dirs`, unless a variable says else."""
    if named := os.environ.get("TEMPORAL_CONFIG_FILE"):
        return Path(named)
    match sys.platform:
        case "darwin":
            directory = "~/Library/Application Support"
        case "win32":
            directory = os.environ.get("APPDATA", "~/AppData/Roaming")
        case _:
            directory = os.environ.get("XDG_CONFIG_HOME", "~/.config")
    return Path(directory).expanduser() / "temporalio" / "temporal.toml"


def has_no_configuration() -> bool:
    """Tell whether there is neither a variable nor a file that could name a Temporal server."""
    return not any(name.startswith("TEMPORAL_") for name in os.environ) and not locate_config_file().exists()
