"""What a coordinator may say about lectures: from their announcement to their numbers."""

from handlers.turn import Route

LECTURES: tuple[Route, ...] = ()
