"""What makes a command fail: said in a line or two, with what to do, and an exit status."""

FAILED = 1
USED_WRONGLY = 2


class CommandFailedError(Exception):
    """Ends the command with its message on stderr."""

    def __init__(self, message: str, *, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
