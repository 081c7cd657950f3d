"""What a lecturer may say, in a direct chat."""

from handlers.turn import Route

LECTURERS: tuple[Route, ...] = ()
