//! How messages leave: a folder that can be written to, or a gateway that answers at its port.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use url::Url;

use super::{Finding, folders};
use crate::notify::Settings;

/// How long a gateway may take to answer a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends nothing: a message would cost money and disturb somebody.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    match settings {
        Settings::Outbox(outbox) => vec![
            Finding::warning(
                "sms.url",
                "not set: messages are written to a folder and reach no phone",
                "set sms.url to your gateway's address, unless another program sends what is in the folder",
            ),
            folders::examine("sms.outbox", outbox.folder()),
        ],
        Settings::Http(gateway) => vec![reach(gateway.url())],
    }
}

fn reach(url: &Url) -> Finding {
    let about = "sms.url";
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses = match (host.trim_matches(['[', ']']), port).to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(error) => {
            return Finding::wrong(
                about,
                format!("the gateway {host} cannot be found: {error}"),
                "correct the address, or this machine's name resolution",
            );
        }
    };
    let mut last = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => return Finding::fine(about, format!("{host} answers at port {port}")),
            Err(error) => last = Some(error),
        }
    }
    let cause = last.map(|error| format!(": {error}")).unwrap_or_default();
    Finding::wrong(
        about,
        format!("the gateway {host} does not answer at port {port}{cause}"),
        "see whether a firewall is between, and whether the gateway runs",
    )
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_gateway_that_answers_is_told_from_one_that_does_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        assert_eq!(reach(&url).verdict, Verdict::Fine);
        drop(listener);
        assert_eq!(reach(&url).verdict, Verdict::Wrong);
        let nowhere = Url::parse("https://sms.invalid/").unwrap();
        assert_eq!(reach(&nowhere).verdict, Verdict::Wrong);
    }
}
