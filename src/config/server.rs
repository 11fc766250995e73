//! `[server]`: what concerns the node as a whole.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::reader::Reader;
use super::section::{Section, section};
use crate::domain::node::NodeName;
use crate::domain::secret::SecretBytes;

section! {
    /// This node of the server.
    RawServer "server" {
        /// This node's name in the journal: each node has its own chain, so no two nodes may share a name.
        node: String = required r#""node-1""#,
        /// File with 32 random bytes in base64, the key of the links that lead citizens to their requests. The same on
        /// all nodes. Make one with: (umask 077; openssl rand -base64 32 > secrets/link-key)
        link_key = secret r#""secrets/link-key""#,
        /// How long running requests may take to finish when the server is asked to stop.
        stop_within: Duration = default r#""30 s""#,
    }
}

/// This node.
pub struct Server {
    /// Its name in the journal.
    pub node: NodeName,
    /// The key of approval links.
    pub link_key: SecretBytes<32>,
    /// How long running requests may take to finish at the end.
    pub stop_within: Duration,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Server> {
    let raw = RawServer::read(reader);
    let has_link_key = ["link_key", "link_key_file"].map(|key| reader.is_given("server", key));
    if has_link_key == [false, false] {
        reader.unworkable("server", "link_key_file", "missing; make one with: (umask 077; openssl rand -base64 32 > secrets/link-key), and name it here or set RUBRICA_SERVER__LINK_KEY");
    }
    let raw = raw?;
    let node = match raw.node.parse::<NodeName>() {
        Ok(node) => Some(node),
        Err(error) => {
            reader.unworkable("server", "node", error.to_string());
            None
        }
    };
    let link_key = match raw.link_key {
        None => None,
        Some(text) => {
            let key = BASE64_STANDARD
                .decode(text.expose().trim())
                .ok()
                .and_then(|bytes| SecretBytes::from_slice(&bytes));
            if key.is_none() {
                reader.unworkable(
                    "server",
                    "link_key",
                    "not 32 bytes in base64; make one with: openssl rand -base64 32",
                );
            }
            key
        }
    };
    Some(Server {
        node: node?,
        link_key: link_key?,
        stop_within: raw.stop_within,
    })
}
