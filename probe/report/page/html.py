"""Makes HTML of text that nobody vouches for: everything is escaped once, here."""

import base64
import csv
import html
import io
from collections.abc import Iterable, Sequence

from probe.report.escape import escape


def text(value: object) -> str:
    """Return a value as it may stand in a page, in an element or an attribute."""
    return html.escape(escape(str(value)))


def download(name: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a link that holds a CSV file."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(rows)
    data = base64.b64encode(file.getvalue().encode()).decode()
    return (
        f'<a download="{text(name)}.csv" href="data:text/csv;charset=utf-8;base64,{data}">'
        f"{text(name)}.csv</a>"
    )


def scrolling(label: str, inside: str, *, note: str = "") -> str:
    """Return a part that scrolls by itself where it is wider than the screen, below its note.

    The note is no table's caption: that is as narrow as the table, three words wide for one day.
    """
    above = f'<p class="dim">{text(note)}</p>' if note else ""
    return (
        f'{above}<div class="scroll" role="region" aria-label="{text(label)}" tabindex="0">'
        f"{inside}</div>"
    )


def section(title: str, id_: str, *, about: str, body: str, caption: str, data: str) -> str:
    """Return a part of the page: what it shows, of when, of how many, from where, and its data."""
    return (
        f'<section aria-labelledby="{id_}"><h2 id="{id_}">{text(title)}</h2><p>{text(about)}</p>'
        f'{body}<p class="dim">{text(caption)} Data: {data}</p></section>'
    )
