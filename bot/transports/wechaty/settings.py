"""How to reach a Wechaty gateway, and how patient to be with it. Times are seconds."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WechatySettings:
    """With the defaults a gateway that froze is noticed within ``ding_every + ding_timeout`` = 18 seconds."""

    endpoint: str  # host:port
    token: str = field(repr=False)
    ding_every: float = 10.0
    ding_timeout: float = 8.0
    backoff_first: float = 1.0
    backoff_cap: float = 60.0
    cache_size: int = 5000
    send_timeout: float = 20.0
    call_timeout: float = 8.0  # a look-up: a message, a name, a topic
    picture_timeout: float = 15.0  # to have a picture, which the gateway first has to have from WeChat
    start_timeout: float = 20.0  # a gateway gives its account 15 s to start
    in_flight: int = 64  # events taken from the gateway and not yet reported; beyond that it has to wait

    def address(self) -> tuple[str, int]:
        """The endpoint as (host, port)."""
        host, _, port = self.endpoint.rpartition(":")
        return host.strip("[]"), int(port)
