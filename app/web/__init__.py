"""HTTP in, HTML out: the only room that imports Flask."""
