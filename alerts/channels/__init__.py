"""Ways out of the house: alerts sent to people's phones, mailboxes and programs, with the outcome recorded."""
