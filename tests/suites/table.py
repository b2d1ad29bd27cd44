"""docs/other-suites.md, out of the rows that tests hold us to."""

from collections.abc import Iterable
from itertools import groupby

from tests.suites import ooni_analysts, ooni_quality, worlds
from tests.suites.row import Row

HEAD = """# Scenarios of other projects

What other projects' test suites, and analysts who label measurements by hand, expect of their
tools, and what ours says of the same. Only facts are theirs: what the network does, and what
should be said. Documents and worlds are built here. `python -m tests.suites` prints this page, and
tests hold each row to what is really said.

A table says what *they* expect of their own tool, which is not always what is true: a page that
the site's own CDN gives is no censorship, and silence at an address may be the origin's choice.
"""
READ = """
## Read as OONI's documents

`roadblock import ooni FILE`: one look of another program, one helper, no second try. So nothing is
above `probable`, and what one look cannot tell is `insufficient`.
"""
PLAYED = """
## Played in the lab

`roadblock run`, quick profile, virtual clock; the verdict on HTTPS over IPv4.
"""
COLUMNS = ("Scenario", "What happens", "They expect", "We say", "Why another")


def document() -> str:
    """Return the page."""
    read = (*ooni_quality.ROWS, *ooni_analysts.ROWS)
    return "".join((HEAD, READ, *_tables(read), PLAYED, *_tables(worlds.ROWS)))


def _tables(rows: Iterable[Row]) -> Iterable[str]:
    for suite, of_suite in groupby(rows, key=lambda row: row.suite):
        yield f"\n### {suite}\n\n| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n"
        for row in of_suite:
            cells = (row.name, row.happens, row.theirs, row.ours, row.why)
            yield f"| {' | '.join(cells)} |\n"
