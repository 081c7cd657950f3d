"""What the village knows: tables, the services that change them, the lexicon and the texts that ship with it.

Nothing here imports another room, commits, reads the clock or touches the network: `now` is an argument, and the
session that is handed in belongs to the caller, who commits once.
"""
