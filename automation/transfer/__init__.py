"""Rules as files: writing them out, reading them back. The file speaks the API's words."""
