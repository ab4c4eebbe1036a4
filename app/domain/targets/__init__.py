"""Targets: what trainers and chat templates make of a dataset, said before the training starts."""
