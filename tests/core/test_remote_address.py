from __future__ import annotations

from ipaddress import ip_network

import pytest

from signalstream.core.remote_address import remote_address

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # no proxy of ours said so
        ("10.0.0.5", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.5", "1.2.3.4, 198.51.100.1, 10.0.0.9", "198.51.100.1"),  # what the sender wrote comes first
        ("10.0.0.5", "198.51.100.1, not-an-address", "10.0.0.5"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "1.2.3.4, 198.51.100.1:4711", "198.51.100.1"),  # some proxies append the port
        ("10.0.0.5", "[2001:db8:1:2::6]:4711, 10.0.0.9:80", "2001:db8:1:2::/64"),
        ("fd00::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "", "203.0.113.7"),
        (None, "", "unknown"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours_is_counted(peer, forwarded, found):
    assert remote_address(peer, forwarded, PROXIES) == found


def test_without_proxies_the_header_says_nothing():
    assert remote_address("10.0.0.5", "198.51.100.1", ()) == "10.0.0.5"
