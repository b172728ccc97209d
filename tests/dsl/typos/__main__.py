"""Make typos in all shipped definitions, and print what the check misses."""

from __future__ import annotations

import sys
from collections import defaultdict

from tests.dsl.typos.corpus import list_pages
from tests.dsl.typos.measure import Tally


def main(per_way: int) -> None:
    whole, kinds = Tally(), defaultdict[str, Tally](Tally)
    for page in list_pages():
        for typo in page.list_typos(per_way):
            judged = page.judge(typo)
            whole.add(judged)
            kinds[typo.word.kind].add(judged)
            if not (judged.first_error and judged.first_problem and judged.suggestion):
                word = typo.word
                flags = "".join(
                    c if ok else "."
                    for c, ok in zip("eps", (judged.first_error, judged.first_problem, judged.suggestion))
                )
                line = page.text.count("\n", 0, word.at[0]) + 1
                print(
                    f"{flags} {page.name}:{line} {word.kind}: {word.text} -> {typo.misspelt}: "
                    + " | ".join(
                        f"{s.start.line}:{s.start.column} {'w ' if p.severity == 'warning' else ''}{p.code} {p.message} ({(p.hint or '')[:60]})"
                        for p, s in judged.shown[:3]
                    )
                    + f" [{len(judged.shown)}]"
                )
    for name, tally in [*sorted(kinds.items()), ("all", whole)]:
        print(
            f"{name:18} {tally.all:6}"
            + "".join(
                f"  {what} {tally.rate(what):7.2%}"
                for what in ("noticed", "first_error", "first_problem", "suggestion")
            )
        )


main(int(sys.argv[1]) if sys.argv[1:] else 1)
