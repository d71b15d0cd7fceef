from tests.orders.conftest import desk, market, other  # noqa: F401
