"""What of each column may leave the house. `COLUMNS` names every column that holds words, one by one.

A column that it does not name is hidden, so that one that is added later does not leave by oversight; a test asks for
its line here.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Float, Integer, Table
from sqlalchemy import Enum as EnumType

from data.columns import Moment
from data.names import masked
from data.tables import DRAWN

HIDDEN = "（已隐去）"
_SAYS_NOBODY = (Integer, Float, Boolean, Date, DateTime, Moment, EnumType)

Mask = Callable[[Any], Any]
RowMask = Callable[[list[Any], str], None]
_NAME_LEAST = 2  # characters


class Kind(Enum):
    """What a column holds, as far as it concerns people."""

    PLAIN = "plain"  # nothing about a person
    TEXT = "text"  # words that somebody wrote: numbers in them are masked, and the name of who wrote them
    WHO = "who"  # names a person: stands there as a pseudonym, the same in all of one export
    HIDE = "hide"  # too close to people to be told without their names
    OPENS = "opens"  # opens something: leaves in no export
    FILE = "file"  # bytes, as Base64


def _kinds(**words: str) -> dict[str, Kind]:
    return {name: Kind(kind) for kind, names in words.items() for name in names.split()}


COLUMNS: dict[str, dict[str, Kind]] = {
    "account": _kinds(plain="transport", text="breaker_why", who="account_id"),
    "area": _kinds(text="name"),
    "assignment": _kinds(text="venue reason"),
    "audit": _kinds(who="who", plain="what", hide="about detail address"),
    "binding_code": _kinds(opens="code_hash"),
    "broadcast": _kinds(text="audience text", plain="spec room_ids member_ids digest approved_digest"),
    "console_link": _kinds(opens="token_hash", who="shown_name created_by"),
    "console_session": _kinds(opens="token_hash csrf", hide="address agent"),
    "console_user": _kinds(opens="password_hash", who="name shown_name created_by"),
    "deed": _kinds(hide="what changes", plain="outbox_ids"),
    "dialog": _kinds(plain="kind", hide="payload"),
    "feed": _kinds(opens="token"),
    "inbox": _kinds(plain="transport route", who="message_id", hide="text error understood"),
    "lecture": _kinds(text="title venue hamlet branches live_url dialect"),
    "lecture_order": _kinds(text="wish when_text dialect place", who="for_whom"),
    "lecturer": _kinds(who="name", plain="kind", text="title trade dialects free"),
    "lecturer_training": _kinds(text="title"),
    "material": _kinds(text="title note", hide="file_name", plain="path sha256"),
    "media_report": _kinds(text="title outlet url"),
    "member": _kinds(plain="transport", who="external_id name"),
    "member_tag": _kinds(hide="tag"),
    "outbox": _kinds(hide="text error mentions gathered gather", who="transport_message_id", plain="once"),
    "photo": _kinds(plain="sha256 path"),
    "picture": _kinds(plain="sha256 name", file="png", hide="svg"),
    "poll": _kinds(text="question options"),
    "relay_draft": _kinds(hide="lines"),
    "removal": _kinds(plain="kind", hide="detail"),
    "role": _kinds(who="granted_by"),
    "room": _kinds(plain="transport listen", who="external_id", text="name"),
    "room_tag": _kinds(text="tag"),
    "saved_audience": _kinds(text="name words", plain="spec"),
    "series": _kinds(text="name", plain="texts days audience"),
    "setting_change": _kinds(plain="key", hide="value"),
    "sign_up": _kinds(who="for_whom"),
    "snippet": _kinds(
        plain="key also_topic_ids audience ask link title text source questions",
    ),
    "solitaire_state": _kinds(hide="lists unclear"),
    "step": _kinds(plain="state", text="reason"),
    "throttle": _kinds(hide="key"),
    "topic": _kinds(text="name"),
    "topic_alias": _kinds(text="words"),
    "village": _kinds(text="name aliases venues near free"),
    "village_tag": _kinds(text="tag"),
    "voice": _kinds(text="text answer"),
}
# What somebody wrote stands beside their number: by their own name in it, whoever knows it could tell whose it is.
WRITTEN_BY = {"lecture_order": "member_id", "material": "uploaded_by", "voice": "member_id"}


class Pseudonyms:
    """The same stand-in for the same person in all of one export, another one in the next."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt

    def __call__(self, value: object) -> object:
        if value is None or value == "":
            return value
        return f"人{hmac.new(self._salt, str(value).encode(), hashlib.sha256).hexdigest()[:12]}"


def kind_of(table: str, column: str) -> Kind | None:
    """What a column that holds words is; None where nobody has said."""
    return COLUMNS.get(table, {}).get(column)


def holds_words(table: Table, column: str) -> bool:
    """Whether a column could say who somebody is; numbers, times and choices cannot."""
    return not isinstance(table.c[column].type, _SAYS_NOBODY)


def masks_of(table: Table, who: Pseudonyms | None) -> list[Mask | None]:
    """What each column of a table goes through on its way out, None where nothing; an open export has no ``who``."""
    return [_mask(table, column.name, who) for column in table.columns]


def masked_text(value: Any) -> Any:
    """Words without mobile and identity numbers; in lists and objects too."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list):
        return [masked_text(each) for each in value]
    if isinstance(value, dict):
        return {key: masked_text(each) for key, each in value.items()}
    return value


def _mask(table: Table, column: str, who: Pseudonyms | None) -> Mask | None:
    kind = kind_of(table.name, column)
    if not holds_words(table, column) and kind is None:
        return None
    if kind is Kind.OPENS:
        return _nothing
    if kind is Kind.FILE:
        return _base64
    if who is None or kind is Kind.PLAIN:
        return None
    if kind is Kind.TEXT:
        return masked_text
    return who if kind is Kind.WHO else _hidden


def whole_row(table: Table, who: Pseudonyms | None) -> RowMask | None:
    """What a row goes through as a whole, after its columns did; None for most. It changes the values in place.

    With the values comes the name of who wrote the row, "" where nobody did (`WRITTEN_BY`).
    """
    if who is None:
        return None
    names = [column.name for column in table.columns]
    if table.name == "picture":
        return partial(_hide_poster, names.index("name"), names.index("png"))
    if table.name not in WRITTEN_BY:
        return None
    return partial(_hide_own_name, who, [at for at, name in enumerate(names) if kind_of(table.name, name) is Kind.TEXT])


def _hide_poster(name: int, png: int, values: list[Any], _own: str) -> None:
    """A poster that was drawn here shows who speaks."""
    if str(values[name]).startswith(DRAWN):
        values[png] = _hidden(values[png])


def _hide_own_name(who: Pseudonyms, texts: list[int], values: list[Any], own: str) -> None:
    if len(own) < _NAME_LEAST:
        return
    for at in texts:
        if isinstance(values[at], str) and own in values[at]:
            values[at] = values[at].replace(own, str(who(own)))


def _nothing(_value: Any) -> None:
    return None


def _hidden(value: Any) -> Any:
    return HIDDEN if value not in (None, "", [], {}) else value


def _base64(value: Any) -> Any:
    return None if value is None else base64.b64encode(value).decode("ascii")
