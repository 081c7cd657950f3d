"""The floor that the benchmark holds us against: a bare echo on wechaty-puppet-service, as its own SDK drives it.

    python tools/echo_baseline.py 127.0.0.1:8788          (the token from WECHATY_TOKEN)

`PuppetService` as it is: its `start()`, its event emitter, a message event → its payload → the same text sent back.
No names, no record, no order, no supervision.
"""

import asyncio
import logging
import os
import sys
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from wechaty_puppet import EventLoginPayload, EventMessagePayload, PuppetOptions
    from wechaty_puppet_service import PuppetService


class Echo:
    """Answers every message of somebody else with its own text, each in a task of its own."""

    def __init__(self, puppet: PuppetService) -> None:
        self._puppet = puppet
        self._account = ""
        puppet.on("login", self._login)
        puppet.on("message", self._message)  # type: ignore[arg-type]  # pyee runs coroutines as well

    def _login(self, event: EventLoginPayload) -> None:
        self._account = event.contact_id
        print("ready", flush=True)

    async def _message(self, event: EventMessagePayload) -> None:
        payload = await self._puppet.message_payload(event.message_id)
        if payload.from_id != self._account:
            await self._puppet.message_send_text(payload.room_id or payload.from_id, payload.text)


async def main(endpoint: str, token: str) -> None:
    """Echoes until the gateway ends the connection. Prints "ready" when the account is online."""
    logging.getLogger("PuppetService").setLevel(logging.ERROR)  # it would print the token
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        puppet = PuppetService(PuppetOptions(end_point=endpoint, token=token))
    Echo(puppet)
    await puppet.start()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], os.environ["WECHATY_TOKEN"]))
