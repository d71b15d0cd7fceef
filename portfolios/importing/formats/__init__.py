"""One broker's export, one file: a table of columns and words, nothing else."""
