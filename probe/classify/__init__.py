"""The judge: pure functions from evidence to verdicts, and from verdicts to the next questions."""

from probe.classify.ask import ask, ask_where
from probe.classify.judge import judge
from probe.classify.pages import page_marks
from probe.classify.rules import RULES_VERSION
from probe.classify.service import judge_service
from probe.classify.vantage import (
    ask_vantage,
    ask_vantage_again,
    is_as_before,
    judge_vantage,
)

__all__ = [
    "RULES_VERSION",
    "ask",
    "ask_vantage",
    "ask_vantage_again",
    "ask_where",
    "is_as_before",
    "judge",
    "judge_service",
    "judge_vantage",
    "page_marks",
]
