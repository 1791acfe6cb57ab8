"""Snakemake's lines for somebody at a terminal: one when a job starts, one when it is done; its log file has all."""

import logging

__all__ = ["be_brief"]

#: Messages that come with every job.
_ROUTINE = ("Select jobs to execute", "Execute ")


def be_brief(logger: logging.Logger) -> None:
    """Shorten what Snakemake (9.27) shows on a terminal. Errors stay whole, and so does output to files and pipes."""
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream.isatty():
            handler.addFilter(_Brief(handler))


class _Brief(logging.Filter):
    def __init__(self, handler: logging.StreamHandler) -> None:
        super().__init__()
        self.handler = handler

    def filter(self, record: logging.LogRecord) -> bool:
        event = getattr(getattr(record, "event", None), "name", "")
        if event == "JOB_INFO":
            # The record itself goes on to the log file.
            rule, outputs = vars(record)["rule_name"], vars(record).get("output") or []
            self.handler.stream.write(": ".join([rule, *map(str, outputs[:1])]) + "\n")
        return event not in ("JOB_INFO", "JOB_FINISHED") and not record.getMessage().startswith(_ROUTINE)
