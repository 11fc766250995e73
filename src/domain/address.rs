//! Addresses of other services.

use url::{Host, Url};

/// Whether what goes there cannot be read on its way: it is encrypted, or does not leave this machine.
pub fn is_private(address: &Url) -> bool {
    let here = match address.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    address.scheme() == "https" || (address.scheme() == "http" && here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_travels_in_the_clear() {
        let private = |text: &str| is_private(&Url::parse(text).unwrap());
        assert!(private("https://s3.example"));
        assert!(private("http://127.0.0.1:9000"));
        assert!(private("http://[::1]:9000"));
        assert!(private("http://localhost:9000"));
        assert!(!private("http://s3.example"));
        assert!(!private("http://localhost.example"));
        assert!(!private("http://127.0.0.1.example"));
        assert!(!private("ftp://127.0.0.1"));
        assert!(!private("file:///etc/passwd"));
    }
}
