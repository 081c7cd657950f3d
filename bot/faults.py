"""Named points at which a test may end the process, to see that nothing is lost and nothing is said twice.

In production `point` is the empty function below and nothing in this program ever replaces it: it reads no setting
and no environment. The tests start the bot through a module of their own (``tests/mortal.py``, which is not part of
an installation), and that module puts a killer in its place before anything runs. Passing a point costs one call.
"""

from collections.abc import Callable

POINTS = (
    # the worker's transactions
    "turn_begun",  # nothing is written yet
    "before_commit",  # all of a turn is written, nothing is kept
    "after_commit",  # kept, and nobody knows yet
    # the sender
    "taken_up",  # what the last process died over is in doubt now
    "before_claim",
    "claimed",  # rows are `sending`, committed; nothing was handed over
    "before_send",  # of each letter
    "after_send",  # it was handed over, and nobody wrote that down
    "before_settle",  # of all that were out together
    "settled",  # written down, not yet committed
    "before_echo",  # our own message came back and is about to be evidence
    "stopping",
    # jobs and listening
    "job_begun",
    "job_queued",  # committed; the sender does not know yet
    "heard",  # before what somebody said is taken up
)


def _nothing(_name: str) -> None:
    """What a point does in production."""


point: Callable[[str], None] = _nothing
