"""``python -m tests.hasty run …``: the bot as ``python -m bot`` is, but it asks sooner whether its gateway still lives.

In production a gateway that froze is noticed after `WechatySettings`' 18 seconds; no test needs to wait for that.
"""

import sys
from functools import partial

from bot.cli import main
from bot.transports import wechaty

DING_EVERY, DING_TIMEOUT = 0.5, 1.0  # s

if __name__ == "__main__":
    wechaty.WechatySettings = partial(  # type: ignore[misc,assignment]
        wechaty.WechatySettings, ding_every=DING_EVERY, ding_timeout=DING_TIMEOUT, backoff_first=0.2, backoff_cap=0.5
    )
    sys.exit(main(sys.argv[1:]))
