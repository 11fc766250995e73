//! Addresses the server listens at.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use super::{Finding, told};

/// Whether an address can be listened at now.
pub(super) fn examine(about: &str, address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::fine(about, format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::warning(
            about,
            format!("{address} is in use"),
            "that is right when this server is running; otherwise stop what uses it (ss -ltnp shows it), or choose another port",
        ),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Finding::wrong(
            about,
            format!("{address} may not be listened at"),
            "ports below 1024 need a right of their own (AmbientCapabilities=CAP_NET_BIND_SERVICE with systemd); or choose a higher port",
        ),
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => Finding::wrong(
            about,
            format!("{} is not an address of this machine", address.ip()),
            "write one of this machine's addresses (ip addr shows them), or 0.0.0.0 for all of them",
        ),
        Err(error) => Finding::wrong(
            about,
            format!("{address} cannot be listened at: {}", told(&error)),
            "choose another address",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn an_address_in_use_and_one_of_another_machine_are_told_apart() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let finding = examine("x", taken.local_addr().unwrap());
        assert_eq!(finding.verdict, Verdict::Warning);
        // TEST-NET-1 of RFC 5737 is nobody's.
        assert_eq!(
            examine("x", "192.0.2.1:8443".parse().unwrap()).verdict,
            Verdict::Wrong
        );
    }
}
