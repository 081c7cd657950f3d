"""QR codes as a path of an SVG."""

import segno

QUIET = 4  # modules of white around it, which readers need
MOST = 300  # bytes: a longer address makes a code too fine for an old phone
_SPARING = 150  # bytes of an address from which on larger modules help more than what mends damage


def codable(words: str) -> bool:
    """Whether there is a code of these words that phones can read."""
    return 0 < len(words.encode()) <= MOST


def qr(words: str, *, x: float, y: float, side: float) -> str:
    """The dark modules of the code of ``words``, as path data in a square with its quiet zone; "" if it is too long."""
    if not codable(words):
        return ""
    rows = [bytes(row) for row in segno.make_qr(words, error="m" if len(words.encode()) <= _SPARING else "l").matrix]
    step = side / (len(rows) + 2 * QUIET)
    parts = []
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark and (across == 0 or not row[across - 1]):
                run = next((end for end in range(across, len(row)) if not row[end]), len(row)) - across
                left, top = x + (across + QUIET) * step, y + (down + QUIET) * step
                parts.append(f"M{left:.2f} {top:.2f}h{run * step:.2f}v{step:.2f}h{-run * step:.2f}z")
    return "".join(parts)
