"""What a coordinator may say about orders: review, dispatch."""

from handlers.turn import Route

ORDERS: tuple[Route, ...] = ()
