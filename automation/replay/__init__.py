"""What a rule would have done over stored bars. See docs/simulation.md for what a bar means here."""
