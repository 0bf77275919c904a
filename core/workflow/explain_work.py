"""What each kind of job that looks into a finished model calls."""

from collections.abc import Callable, Mapping

from core.config import Settings
from core.store.store import Store
from core.workflow.explain_jobs import DRIVERS, FAITHFULNESS, MAP, TRUST
from core.workflow.task import Task

Measure = Callable[[Store, Settings, int, Mapping, Task], dict]  # run id and params of the job in


def measures() -> dict[str, Measure]:
    """By kind; imported here, since torch comes with them."""
    from core.workflow import driving, mapping, trusting

    return {
        TRUST: trusting.measure,
        FAITHFULNESS: trusting.compare,
        DRIVERS: driving.measure,
        MAP: mapping.measure,
    }
