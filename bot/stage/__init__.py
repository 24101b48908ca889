"""Where a calendar is played: simulator, virtual clock, and a bot that reaches nothing else."""
