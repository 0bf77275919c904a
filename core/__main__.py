"""`python -m core`: the same workflow without a screen."""

import sys

from core.config import settle_libraries

settle_libraries()  # nothing has imported torch yet

from core.workflow.command import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
