"""Make typos in all shipped definitions, and print what the check misses, and how often it is right.

The number of typos of each word and way can be given: `python -m tests.dsl.typos 100` makes all there are.
"""

from __future__ import annotations

import sys
from collections import defaultdict

from tests.dsl.typos.corpus import list_pages
from tests.dsl.typos.measure import Judged, Page, Tally


def main(per_way: int) -> None:
    """Print each typo of which not all is right, then one line for each kind of word."""
    whole, kinds = Tally(), defaultdict[str, Tally](Tally)
    for page in list_pages():
        for typo in page.list_typos(per_way):
            judged = page.judge(typo)
            whole.add(judged)
            kinds[typo.word.kind].add(judged)
            if not judged.is_right:
                print(_describe(page, judged))
    for name, tally in [*sorted(kinds.items()), ("all", whole)]:
        print(f"{name:15} {tally}")


def _describe(page: Page, judged: Judged) -> str:
    word = judged.typo.word
    line = page.text.count("\n", 0, word.at[0]) + 1
    shown = " | ".join(
        f"{span.start.line}:{span.start.column} {problem.message} ({(problem.hint or '')[:40]})"
        for problem, span in judged.shown[:3]
    )
    return f"{page.name}:{line} {word.kind} {word.text} -> {judged.typo.misspelt}: {shown or 'nothing'}"


main(int(sys.argv[1]) if sys.argv[1:] else 1)
