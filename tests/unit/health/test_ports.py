"""Ports that nothing listens on."""

from __future__ import annotations

import socket

from raylab.ports import free_port, listens, quiet_ports


def test_ports_are_free_and_different() -> None:
    ports = [*quiet_ports(20), free_port()]
    assert len(set(ports)) == 21
    assert not any(listens(f"127.0.0.1:{port}") for port in ports)
    with socket.socket() as server:
        server.bind(("127.0.0.1", ports[0]))
        server.listen()
        assert listens(f"127.0.0.1:{ports[0]}")
