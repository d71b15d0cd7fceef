"""Sentences to drafts of rules without a language model: a grammar that asks what is open, and never guesses."""
