"""Try every row of tests/workflow/bad_inputs.py and write the table in tests/bad_input.md: some minutes.

``uv run tests/record_bad_input.py``
"""

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow" / "lib")]

from workflow.bad_inputs import CASES, RUNS  # noqa: E402
from workflow.spoiling import message_with  # noqa: E402
from workflow.trying import page, prepare, try_call, try_run  # noqa: E402

with tempfile.TemporaryDirectory(prefix="bad input ") as name:
    place = Path(name)
    finished = prepare(place / "finished")
    messages = {}
    for run, command in RUNS.items():
        cases = [case for case in CASES if case.run == run]
        output = try_run(finished, command, cases, place / run / "project").output
        messages |= {case.spoilt: message_with(output, case.words) for case in cases if case.words}
        print(
            f"{run}: {', '.join('tried' if messages.get(case.spoilt) else 'no message' for case in cases)}", flush=True
        )
    for number, case in enumerate(CASES):
        if case.call:
            messages[case.spoilt] = try_call(case, place / "calls" / str(number))
(HERE / "bad_input.md").write_text(page(CASES, messages), encoding="utf-8")
