"""How gunicorn serves the chat. Imports nothing of it: gunicorn's worker patches the standard library first."""

import warnings

with warnings.catch_warnings():
    # eventlet and gunicorn announce that this worker will go; gunicorn is pinned to the last versions that have it.
    warnings.simplefilter("ignore")
    from gunicorn.workers.base_async import AsyncWorker
    from gunicorn.workers.geventlet import EventletWorker


class ChatWorker(EventletWorker):  # type: ignore[misc]
    """gunicorn's eventlet worker, without the warning at each start."""

    def init_process(self) -> None:
        """Start as `EventletWorker` does."""
        self.patch()
        AsyncWorker.init_process(self)
