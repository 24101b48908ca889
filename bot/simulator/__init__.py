"""A stateful stand-in for the platforms' HTTP APIs, on loopback.

It serves WeChat official accounts under `/wechat/`, Weibo under `/weibo/`, Douyin (server mode)
under `/douyin/`, and its own control API under `/_sim/`. It imports nothing of the bot: it is a
second, independent reading of the platforms' documents.
"""

from bot.simulator.app import create_app, serve

__all__ = ["create_app", "serve"]
