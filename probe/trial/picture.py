"""The scoreboard as one HTML file: offline, readable on a phone, in words as well as colours."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from probe.model.words import Grade
from probe.trial.bounds import upper_bound
from probe.trial.marking import grouped
from probe.trial.score import Score

_STYLE: Final = """
:root { color-scheme: light dark; --right: #2e7d32; --wrong: #c62828; --silent: #757575;
  --other: #b26a00; --line: #8884; }
body { font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem;
  background: Canvas; color: CanvasText; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.figure { font-size: 1.6rem; font-weight: 600; }
.row { margin: .9rem 0; } .name { font-weight: 600; overflow-wrap: anywhere; }
.bar { display: flex; height: 1.1rem; border-radius: .25rem; overflow: hidden;
  border: 1px solid var(--line); }
.bar i { display: block; min-width: 2px; }
.right { background: var(--right); } .wrong { background: var(--wrong); }
.silent { background: var(--silent); } .other { background: var(--other); }
.words { font-size: .9rem; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; }
th, td { border: 1px solid var(--line); padding: .25rem .5rem; text-align: left; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
"""

# How a cell of the matrix feels, worst last; every part of a bar is also said in words.
_TONES: Final = {"right": "right", "insufficient": "silent", "ok": "wrong"}


def page(score: Score) -> str:
    """Return the whole page."""
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta http-equiv="Content-Security-Policy"'
            " content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>Roadblock's score in the lab</title><style>{_STYLE}</style></head>",
            "<body><main>",
            *_summary(score),
            *_grades(score),
            *_rows(score),
            *_matrix(score),
            *_not_right(score),
            "</main></body></html>\n",
        )
    )


def _summary(score: Score) -> Iterator[str]:
    total = score.all
    yield "<h1>Roadblock's score in the lab</h1>"
    yield (
        f"<p>{total.scenarios:,} scenarios on {score.runs['all']:,} lines, {total.units:,}"
        f" verdicts. Every figure is a count in the lab's worlds, not a rate in life.</p>"
    )
    yield "<h2>False accusations in the lab's benign worlds</h2>"
    yield (
        f'<p><span class="figure">{total.accused} of {total.benign:,}</span> scenarios in which'
        f" nobody interfered were called blocked or impaired: at most {total.upper95:.2%}"
        " (one-sided 95 %).</p>"
    )
    failed = upper_bound(total.accused_failed, total.benign_failed)
    yield (
        f"<p>Of those in which the target failed at least once: {total.accused_failed} of"
        f" {total.benign_failed:,}, at most {failed:.2%}.</p>"
    )
    yield "<h2>Where something stood in the way</h2><ul>"
    for words, part, whole in (
        ("said something", total.claims, total.interfered),
        ("of that, true and no guess", total.right, total.claims),
        ("reached the deepest node that evidence can tell", total.reached, total.reachable),
        ("guessed beyond it", total.guesses, total.interfered),
        ("missed: called ok", total.missed, total.interfered),
        ("false excuses", total.excused, total.interfered),
        ("insufficient", total.insufficient_interfered, total.interfered),
    ):
        share = f" ({part / whole:.1%})" if whole else ""
        yield f"<li>{words}: {part:,} of {whole:,}{share}</li>"
    yield "</ul>"


def _grades(score: Score) -> Iterator[str]:
    yield "<h2>How often each grade was right</h2>"
    total = score.all
    for grade in Grade:
        right, wrong = (total.grades[grade.value, known] for known in (True, False))
        accused = total.accused_by_grade[grade.value]
        yield _bar(
            grade.value,
            (("right", "right", right), ("not right", "wrong", wrong)),
            f"; false accusations at this grade: {accused} of {total.benign:,}, at most"
            f" {upper_bound(accused, total.benign):.2%}",
        )


def _rows(score: Score) -> Iterator[str]:
    yield "<h2>What is true, and what was said of it</h2>"
    for true in sorted({true for true, _ in score.confusion}):
        parts = []
        for (row, said), count in score.confusion.most_common():
            if row == true:
                tone = "right" if said == true else _TONES.get(said, "other")
                if said == "ok" and true in {"ok", "cannot be judged"}:
                    tone = "right"
                parts.append((said, tone, count))
        yield _bar(true, parts)


def _bar(name: str, parts: Iterable[tuple[str, str, int]], more: str = "") -> str:
    """Return one stacked bar with its words; parts: (word, tone, count)."""
    counted = [part for part in parts if part[2]]
    whole = sum(count for _, _, count in counted)
    pieces = "".join(
        f'<i class="{tone}" style="flex:{count}" title="{escape(word)}: {count}"></i>'
        for word, tone, count in counted
    )
    words = ", ".join(f"{escape(word)} {count:,}" for word, _, count in counted) or "nothing"
    return (
        f'<div class="row"><div class="name">{escape(name)} ({whole:,})</div>'
        f'<div class="bar" role="img" aria-label="{words}">{pieces}</div>'
        f'<div class="words">{words}{escape(more)}</div></div>'
    )


def _matrix(score: Score) -> Iterator[str]:
    rows = sorted({true for true, _ in score.confusion})
    columns = sorted({said for _, said in score.confusion})
    yield "<h2>The same as a matrix</h2><p>Rows: what is true. Columns: what was said.</p>"
    yield _scrolling("Matrix of what is true and what was said") + "<tr><td></td>"
    yield "".join(f'<th scope="col">{escape(column)}</th>' for column in columns) + "</tr>"
    for row in rows:
        cells = "".join(
            f'<td class="n">{score.confusion[row, column] or ""}</td>' for column in columns
        )
        yield f'<tr><th scope="row">{escape(row)}</th>{cells}</tr>'
    yield "</table></div>"


def _not_right(score: Score) -> Iterator[str]:
    yield "<h2>What is not right</h2>"
    rows = grouped(score.wrong)
    if not rows:
        yield "<p>Nothing.</p>"
        return
    yield _scrolling("Table of what is not right") + "<tr>"
    headings = ("Why", "Count", "Kind", "Said", "Rule", "True", "Example")
    yield "".join(f'<th scope="col">{heading}</th>' for heading in headings) + "</tr>"
    for why, kind, said, rule, count, example in rows:
        true = "/".join(example.expected.node) if example.expected else ""
        cells = (why, str(count), kind, said, rule, true, f"{example.line} {example.endpoint}")
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    yield "</table></div>"


def _scrolling(label: str) -> str:
    """Open a table that scrolls by itself, for keys too, where it is wider than the screen."""
    return f'<div class="scroll" role="region" aria-label="{label}" tabindex="0"><table>'
