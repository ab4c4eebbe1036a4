"""What is true of a dataset: values in, values out; no file, no database, no web."""
