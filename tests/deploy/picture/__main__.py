"""Tell the story, and draw the dashboard of it into the docs: `make dashboard`. It takes about five minutes."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.deploy.files import DEPLOY, read_panels
from tests.deploy.picture.answers import ask_panels
from tests.deploy.picture.drawing import draw_dashboard
from tests.deploy.picture.story import Times, tell_story

PICTURE = DEPLOY.parent / "docs" / "how-to" / "dashboard.svg"
TIMES = Times(well=60, down=60, back=60, gone=30, again=60)
WINDOW = "15s"
STEP = 2.0


async def main() -> None:
    """Draw the dashboard.

    Raises:
        EmptyPanels: some of its queries yield nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        async with tell_story(Path(folder), TIMES) as story:
            shown = ask_panels(story, read_panels(WINDOW), STEP)
            PICTURE.write_text(draw_dashboard(story, shown, STEP), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
