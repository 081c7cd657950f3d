"""The console (控制台): the coordinators' desk in a browser; `bot.console.pages.PAGES` is all that it can do."""
