"""Do a user's rules get along? `checks` find (plain Python), `gathering` reads the facts, `finding` answers."""
