class Failed(Exception):
    """The run can't succeed; the message is one sentence that says why."""
