"""What the pages show, one module per page: a fixed number of queries whatever the number of rows."""
