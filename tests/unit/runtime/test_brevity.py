"""At a terminal a job is a line when it starts and a line of progress; errors, pipes and files have all."""

from __future__ import annotations

import inspect
import io
import logging

import pytest
from snakemake.jobs import Job
from snakemake_interface_logger_plugins.common import LogEvent

from deepspectra.runtime.brevity import be_brief


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def logger():
    logger = logging.Logger("a copy of Snakemake's")
    logger.addHandler(logging.StreamHandler(Terminal()))
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    be_brief(logger)
    return logger


def run(logger: logging.Logger) -> list[str]:
    job = {"event": LogEvent.JOB_INFO, "rule_name": "draw_figure", "output": ["figure_1.pdf", "figure_1.png"]}
    logger.info("Select jobs to execute...")
    logger.info("Execute 1 jobs...", extra={"event": None})
    logger.info("rule draw_figure: ...", extra=job)
    logger.info("rule fan2020: ...", extra=job | {"rule_name": "fan2020", "output": None})
    logger.error("Error in rule draw_figure", extra={"event": LogEvent.JOB_ERROR})
    logger.info("Finished jobid: 1", extra={"event": LogEvent.JOB_FINISHED})
    logger.info("1 of 2 steps (50%) done", extra={"event": LogEvent.PROGRESS})
    return [handler.stream.getvalue().splitlines() for handler in logger.handlers]


def test_a_terminal_has_two_lines_a_job_and_every_error(logger):
    terminal, pipe = run(logger)
    assert terminal == [
        "draw_figure: figure_1.pdf",
        "fan2020",
        "Error in rule draw_figure",
        "1 of 2 steps (50%) done",
    ]
    assert len(pipe) == 7


def test_snakemake_still_tells_what_this_reads():
    """Of each job its rule and outputs."""
    source = inspect.getsource(Job.log_info)
    assert all(
        part in source for part in ("event=LogEvent.JOB_INFO", "rule_name=self.rule.name", "output=format_files(")
    )
