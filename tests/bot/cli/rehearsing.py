"""Rehearsals of an office's month, and how they are refused."""

from __future__ import annotations

from typing import Any

from tests.bot.cli.office import Office, Ran

FILE = "2026-05.yaml"


def played(office: Office, *args: str) -> tuple[int, Any]:
    """Exit code and document of a rehearsal of the month's file."""
    ran = office.bot("rehearse", FILE, *args, "--format", "json")
    assert ran.err == ""
    return ran.code, ran.document


def usage_error(ran: Ran) -> str:
    """What a refused command says, in one sentence and nothing else."""
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("✗")
    assert "Traceback" not in ran.err
    return ran.told
