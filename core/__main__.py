"""`python -m core`: the same workflow without a screen."""

import os
import sys

# Read by OpenMP when torch is imported: waiting threads sleep instead of spinning.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from core.workflow.command import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
