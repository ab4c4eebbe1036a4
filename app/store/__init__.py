"""The files: nothing outside this room opens one."""
