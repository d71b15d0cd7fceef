"""The embedded runtime: PostgreSQL and Valkey from wheels, and the supervisor behind `manage.py up`.

Plain Python. Nothing here imports Django, because these modules run before a database exists.
"""
