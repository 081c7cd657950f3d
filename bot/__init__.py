"""The body: process, config, transports, sender, web chat and command line. The only room that is async."""

__version__ = "0.1.0"
