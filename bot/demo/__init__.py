"""The sample month, played on a virtual clock against the simulator, faults and all."""
