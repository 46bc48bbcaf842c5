"""The same examples of laws in every run; every test its own ROS domain and its own context."""

import fcntl
import gc
import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from tactile_equiv.ros_environment import prepare_ros_environment

DOMAINS = range(1, 101)

prepare_ros_environment()
settings.register_profile("laws", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("laws")


@contextmanager
def limited_files(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes, as on a disk that is full there."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def files_up_to() -> Callable[[int], AbstractContextManager[None]]:
    """`with files_up_to(1000): ...` in the body of a test: pytest writes its own log outside."""
    return limited_files


@pytest.fixture
def ros_domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A domain id that no other test on this machine holds, also set as ROS_DOMAIN_ID."""
    handle, domain = lock_domain()
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))
    yield domain
    os.close(handle)


def lock_domain() -> tuple[int, int]:
    """File handle and domain id; the domain is taken until the handle is closed."""
    folder = Path(tempfile.gettempdir()) / f"tactile_equiv_domains_{os.getuid()}"
    folder.mkdir(exist_ok=True)
    start = os.getpid()
    for offset in range(len(DOMAINS)):
        domain = DOMAINS[(start + offset) % len(DOMAINS)]
        handle = os.open(folder / str(domain), os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
        else:
            return handle, domain
    raise RuntimeError(
        f"all {len(DOMAINS)} domains are taken: look for tests that hang in {folder}"
    )


@pytest.fixture
def ros_context(ros_domain: int) -> Iterator["object"]:
    """An initialised rclpy context in a domain of its own; shut down after the test."""
    rclpy = pytest.importorskip("rclpy")
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=ros_domain)
    yield context
    gc.collect()  # a lifecycle node is destroyed with its last reference, and takes its log along
    rclpy.try_shutdown(context=context)
