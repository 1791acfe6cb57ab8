"""Random matrix theory in deep learning: the science behind the workflow.

Pure functions on arrays, one module per concept. Nothing here knows Snakemake or the workflow's paths.
"""

import os
import signal

# Ctrl-C ends a job of the workflow at once while it still imports, when it has nothing in hand: of an exception then,
# what is half imported makes errors of its own, or crashes. In `deepspectra.runtime.job` Ctrl-C is an exception again.
if "DEEPSPECTRA_JOB" in os.environ and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
