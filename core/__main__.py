"""`python -m core`: the same workflow without a screen."""

import sys

from core.workflow.command import main

sys.exit(main(sys.argv[1:]))
