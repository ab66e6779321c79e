"""Which network an address counts as."""

import pytest

from chat.domain.limits.addresses import UNKNOWN, network


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("9.9.9.10", "9.9.9.10"),
        ("9.9.9.10:5021", "9.9.9.10"),
        (" 9.9.9.10 ", "9.9.9.10"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]:5021", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:9.9.9.10", "9.9.9.10"),
        ("[::ffff:9.9.9.10]:1", "9.9.9.10"),
        ("::1", "::/64"),
    ],
)
def test_an_address_counts_as_its_network_without_port_or_zone(address: str, counts_as: str) -> None:
    assert network(address) == counts_as


@pytest.mark.parametrize(
    "text", ["", "unknown", "999.1.1.1", "9.9.9.10:1:2", "_hidden", "[", "9.9.9.10\n1", "1" * 10_000]
)
def test_all_that_is_no_address_counts_as_one_network(text: str) -> None:
    assert network(text) == UNKNOWN


def test_neighbours_in_another_64_are_others() -> None:
    assert network("2001:db8:1:2::1") != network("2001:db8:1:3::1")
