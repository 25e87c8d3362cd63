"""A receiver for each test that asks for one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from receiver_program import Receiver, running

Start = Callable[..., Receiver]


@pytest.fixture(name="receiver")
def plain_receiver() -> Iterator[Receiver]:
    yield from running()


@pytest.fixture(name="start")
def start_receivers() -> Iterator[Start]:
    """Starts receivers with arguments; they are stopped at the end."""
    with ExitStack() as stack:

        def start(*arguments: str) -> Receiver:
            return stack.enter_context(contextmanager(running)(*arguments))

        yield start
