"""The scoreboard in words and tables, for a terminal."""

from collections.abc import Iterator, Mapping, Sequence

from probe.model.words import Grade
from probe.report.grid import Block, Cell, Grid, Tone
from probe.trial.bounds import upper_bound
from probe.trial.marking import Wrong, grouped
from probe.trial.score import Score, Tally
from probe.trial.tiers import Comparison

_WHY = {
    "accusation": "false accusation: nobody interfered",
    "excuse": "false excuse: a block put on the service or on this line",
    "missed": "missed: a block called ok",
    "wrong": "wrong: another thing than it was",
    "guess": "a guess: true here, but other causes look the same",
    "service": "false accusation over a whole service",
    "vantage": "wrong about the vantage point",
    "error": "an error of the scenario: log and author disagree, not counted",
}


def score_blocks(score: Score, *, examples: int = 60) -> list[Block]:
    """Return the whole scoreboard; `examples` bounds the rows of the last table."""
    total = score.all
    blocks: list[Block] = [
        f"{total.scenarios:,} scenarios on {score.runs['all']:,} lines,"
        f" {total.units:,} verdicts; {score.seconds:,.0f} s"
        f" ({score.lab_seconds:,.0f} s on the lab's clocks)",
        "All figures are counts in the lab's worlds, not rates in life.",
        "",
        *_accusations(score),
        "",
        *_interfered(total),
        "",
        _grades(total),
        "",
        "Services and runs",
        _services(score),
        "",
        "By technique",
        _techniques(score.by_technique),
        "",
        "By innocent kind, environment, network, setting, round trip and loss",
        _innocents(score.by_environment),
    ]
    if score.tiers is not None:
        blocks += ["", *_tiers(score.tiers)]
    if score.wrong:
        blocks += ["", "What is not right, most often first", _wrong(score.wrong, examples)]
    return blocks


def _accusations(score: Score) -> Iterator[Block]:
    total = score.all
    yield (
        f"False accusations in the lab's benign worlds: {total.accused} of {total.benign:,}"
        f" scenarios; at most {total.upper95:.2%} (one-sided 95 %)."
    )
    yield (
        f"Of those in which the target failed at least once: {total.accused_failed} of"
        f" {total.benign_failed:,}; at most"
        f" {upper_bound(total.accused_failed, total.benign_failed):.2%}."
    )
    yield Grid(
        ("Strongest grade", "False accusations", "At most"),
        tuple(
            (
                Cell(grade.value),
                Cell(
                    str(total.accused_by_grade[grade.value]),
                    Tone.BAD if total.accused_by_grade[grade.value] else Tone.GOOD,
                ),
                Cell(f"{upper_bound(total.accused_by_grade[grade.value], total.benign):.2%}"),
            )
            for grade in Grade
        ),
    )


def _interfered(total: Tally) -> Iterator[Block]:
    yield f"Where something stood in the way ({total.interfered:,} verdicts):"
    rows = (
        ("said something", total.claims, total.interfered),
        ("of that, true and no guess", total.right, total.claims),
        ("right state", total.right_at[1], total.at_depth[1]),
        ("right category", total.right_at[2], total.at_depth[2]),
        ("right subtype", total.right_at[3], total.at_depth[3]),
        ("reached the deepest node that evidence can tell", total.reached, total.reachable),
        ("guessed beyond it", total.guesses, total.interfered),
        ("missed (called ok)", total.missed, total.interfered),
        ("false excuses", total.excused, total.interfered),
        ("insufficient", total.insufficient_interfered, total.interfered),
    )
    yield Grid(
        ("", "Count", "Of", "Share"),
        tuple(
            (Cell(words), Cell(f"{part:,}"), Cell(f"{whole:,}"), Cell(_share(part, whole)))
            for words, part, whole in rows
        ),
    )


def _grades(total: Tally) -> Grid:
    rows = []
    for grade in Grade:
        right, wrong = (total.grades[grade.value, is_right] for is_right in (True, False))
        rows.append(
            (
                Cell(grade.value),
                Cell(f"{right + wrong:,}"),
                Cell(f"{right:,}"),
                Cell(_share(right, right + wrong)),
            )
        )
    return Grid(("Grade", "Said", "Right", "Share"), tuple(rows))


def _services(score: Score) -> Grid:
    services, runs = score.services, score.runs
    rows = (
        ("benign services accused", services["accused"], services["benign"]),
        ("interfered services that were said to be", services["said so"], services["interfered"]),
        ("interfered services called ok", services["missed"], services["interfered"]),
        ("interfered services excused", services["excused"], services["interfered"]),
        ("benign runs with an accusation", runs["benign accused"], runs["benign"]),
        ("runs with a wrong word on the vantage point", runs["wrong vantage"], runs["all"]),
    )
    return Grid(
        ("", "Count", "Of"),
        tuple((Cell(words), Cell(f"{part:,}"), Cell(f"{whole:,}")) for words, part, whole in rows),
    )


def _techniques(rows: Mapping[str, Tally]) -> Grid:
    return Grid(
        ("", "Verdicts", "Right", "Guess", "Wrong", "Missed", "Excuse", "Silent", "Reached"),
        tuple(_technique(name, rows[name]) for name in sorted(rows)),
    )


def _technique(name: str, tally: Tally) -> tuple[Cell, ...]:
    wrong = tally.claims - tally.right - tally.guesses - tally.missed - tally.excused
    return (
        Cell(name),
        Cell(str(tally.interfered)),
        Cell(str(tally.right)),
        _bad(tally.guesses, Tone.WARN),
        _bad(wrong),
        _bad(tally.missed),
        _bad(tally.excused),
        _bad(tally.insufficient_interfered, Tone.WARN),
        Cell(_share(tally.reached, tally.reachable)),
    )


def _innocents(rows: Mapping[str, Tally]) -> Grid:
    return Grid(
        ("", "Benign", "Accused", "At most", "Other errors", "Silent", "Interfered", "Right"),
        tuple(
            (
                Cell(name),
                Cell(str(tally.benign)),
                _bad(tally.accused),
                Cell(f"{tally.upper95:.1%}" if tally.benign else ""),
                _bad(tally.benign_wrong, Tone.WARN),
                Cell(str(tally.insufficient)),
                Cell(str(tally.interfered)),
                Cell(_share(tally.right, tally.claims)),
            )
            for name, tally in sorted(rows.items(), key=lambda row: (" " in row[0], row[0]))
        ),
    )


def _tiers(tiers: Comparison) -> Iterator[Block]:
    words = {
        "chance": "where chance decides",
        "loss": "on lines that lose packets",
        "throughput": "that show in throughput alone",
        "not again": "that a second play did not show",
        "unexplained": "unexplained",
    }
    counts = tiers.counts
    told = ", ".join(f"{counts.get(key, 0)} {word}" for key, word in words.items())
    yield (
        f"On the virtual clock {len(tiers.differences)} of {tiers.verdicts} verdicts are others:"
        f" {told}."
    )
    rates = tiers.with_loss
    if rates.verdicts:
        yield (
            f"On lines that lose packets {rates.both} of {rates.verdicts} verdicts are right on"
            f" both, {rates.virtual_alone} on the virtual clock alone, {rates.kernel_alone} on real"
            f" packets alone (p {rates.p_value:.2g} if neither is right more often)."
        )
    if tiers.differences:
        rows = (
            (d.run, d.scenario, d.endpoint, d.over, d.true, *d.said, d.because)
            for d in tiers.differences
        )
        yield Grid(
            ("Run", "Scenario", "Endpoint", "Over", "True", "Virtual", "Kernel", "Because"),
            tuple(tuple(map(Cell, row)) for row in rows),
        )


def _wrong(wrong: Sequence[Wrong], most: int) -> Grid:
    rows = []
    for why, kind, said, rule, count, example in grouped(wrong)[:most]:
        true = "/".join(example.expected.node) if example.expected else ""
        grade = example.said.grade.value if example.said and example.said.grade else ""
        where = " ".join(part for part in (example.line, example.endpoint) if part)
        rows.append(
            tuple(Cell(text) for text in (why, str(count), kind, said, grade, rule, true, where))
        )
    return Grid(("Why", "Count", "Kind", "Said", "Grade", "Rule", "True", "Example"), tuple(rows))


def why_blocks() -> list[Block]:
    """Return what the words of the last table's first column mean."""
    return [Grid(("Word", "Meaning"), tuple((Cell(k), Cell(v)) for k, v in _WHY.items()))]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""


def _bad(count: int, tone: Tone = Tone.BAD) -> Cell:
    return Cell(str(count), tone if count else Tone.PLAIN)
