"""The one kind of error that a user is meant to read."""


class UserError(Exception):
    """Something outside the code is not as it must be: a file, a download, a setting.

    The message stands by itself: it names the thing, what was expected, what was found, and what to do.
    Scripts print it without a traceback.
    """
