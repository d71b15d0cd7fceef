"""The parts of a draft, by what they are about: when, how much, how. Put together in `automation.drafts`."""
