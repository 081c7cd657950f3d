"""`SHEETS` is all that can be brought, in the order in which it is written: what others refer to comes first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from data.bring import groups, history, lecturers, topics, villages
from data.bring.known import Known
from data.bring.model import Column, Entry, Hand, Line


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of thing that can be brought.

    ``weigh`` says what would become of its lines and writes nothing; ``put`` writes the entries that are not the same.
    """

    name: str
    help: str
    columns: tuple[Column, ...]
    weigh: Callable[[Known, Sequence[Line]], list[Entry]]
    put: Callable[[Known, Sequence[Entry], Hand], None]

    @property
    def key(self) -> str:
        """The title of the column that names a row."""
        return self.columns[0].title


VILLAGES = Sheet("村", "镇里的村，一村一行。", villages.COLUMNS, villages.weigh, villages.put)
TOPICS = Sheet("题目", "目录里没有的题目，和乡亲们的说法。", topics.COLUMNS, topics.weigh, topics.put)
LECTURERS = Sheet("宣讲员", "一人一行。", lecturers.COLUMNS, lecturers.weigh, lecturers.put)
GROUPS = Sheet("群", "村里的群，一群一行。", groups.COLUMNS, groups.weigh, groups.put)
HISTORY = Sheet(
    "历史讲座", "办过的讲座，一场一行；只记进档案，不通知任何人。", history.COLUMNS, history.weigh, history.put
)

SHEETS: tuple[Sheet, ...] = (VILLAGES, TOPICS, LECTURERS, GROUPS, HISTORY)
