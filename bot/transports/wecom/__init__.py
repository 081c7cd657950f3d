"""WeCom (企业微信) by its official routes, for internal groups: webhooks that only speak, and the
aibot that also hears.

Import the modules, not this package: each is loaded only where it is configured (see `bot.transports.wecom.wiring`).
"""
