"""Finds out what keeps the bot from its work, and says what to do about it. Changes nothing."""
