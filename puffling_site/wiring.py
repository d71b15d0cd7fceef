"""The composition root: the one place where upper rooms are plugged into the sockets of the lower ones."""
