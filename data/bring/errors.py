"""Why nothing was brought in. Each is a `data.errors.Declined`.

Declined
├── BadBook      the file cannot be read, or is too big
│   └── TooLong  for what the bot can do beside its turns
├── FaultyBook   rows are wrong: all faults, with sheet, row and column
└── StaleBook    what stands in the town is not what it was when the plan was shown
"""

from collections.abc import Sequence

from data.bring.model import Fault
from data.errors import Declined

SHOWN = 200  # faults in one message


class BadBook(Declined):
    """The file as a whole cannot be used."""

    def __init__(self, why: str) -> None:
        super().__init__(f"没有导入：{why}。")


class TooLong(BadBook):
    """It would hold up those who talk to the bot."""

    def __init__(self) -> None:
        super().__init__(
            "行数太多，乡亲发话要等。机器人开着时，一个文件最多1000行，其中新增和改动最多200行。请分成几个文件；"
            "或者先停下机器人，用命令行一次导入：python -m bot bring import 文件"
        )


class FaultyBook(Declined):
    """Rows are wrong; nothing was taken."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        lines = [str(each) for each in faults[:SHOWN]]
        more = [f"还有{len(faults) - SHOWN}处，改好这些再看。"] if len(faults) > SHOWN else []
        super().__init__("\n".join([f"没有导入，有{len(faults)}处要改：", *lines, *more]))
        self.faults = tuple(faults)


class StaleBook(Declined):
    """Somebody changed the town meanwhile."""

    def __init__(self) -> None:
        super().__init__("没有导入：检查之后，有人改过这些资料。请再检查一遍，看清楚再导入。")
