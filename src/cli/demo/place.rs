//! The demo's folders, and the configuration of its server.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::database::Database;
use super::made::{Lock, Made};
use super::target::Readers;
use crate::clock::Ambient;
use crate::config::{self, Loaded, Profile, process};
use crate::domain::algorithm::KeyAlgorithm;
use crate::domain::pem;
use crate::http::tls::self_signed;

/// What the token is called that `SoftHSM-setup.sh` makes.
const TOKEN: &str = "rubrica";
/// Where distributions put SoftHSM's module.
const MODULES: [&str; 5] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
];

/// The file with PostgreSQL's password, where it has one.
const DATABASE_PASSWORD: &str = "database-password";

/// The certificate to trust.
pub(super) const ANCHOR: &str = "ca.pem";
/// The citizen's certificate and those above it.
pub(super) const CHAIN: &str = "chain.pem";
/// The folder of the samples.
pub(super) const ORIGINALS: &str = "originals";
/// The folder of the server's data.
pub(super) const SERVER: &str = "server";

/// For apps, citizens and operators.
const USUAL_PORTS: [u16; 3] = [8443, 8444, 9464];

/// The token that is used.
pub(super) enum Project {
    /// The one that `SoftHSM-setup.sh` makes in the project's folder.
    SoftHsm {
        softhsm2_conf: PathBuf,
        pin_file: PathBuf,
        module: &'static str,
    },
    /// The one that a vendor profile names.
    Profile(Profile),
}

/// Which ports the server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ports {
    /// Any that are free.
    Free,
    /// Those of the configuration's defaults, so that addresses stay good; when one is taken, any that are free.
    Usual,
}

/// The folder that everything is written to.
pub(super) struct Place {
    out: PathBuf,
    server: PathBuf,
    made: Made,
    _lock: Lock,
}

impl Project {
    /// The token of that vendor profile, or else the one in the folder where the command was started. SoftHSM finds its
    /// tokens by an environment variable, and so may others; when that is not set, the process starts anew with it.
    pub(super) fn find(profile: Option<&Path>) -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("the present folder cannot be told")?;
        if let Some(profile) = profile {
            let profile = config::profile(profile, &here)?;
            process::adopt(&profile.environment)?;
            return Ok(Self::Profile(profile));
        }
        let softhsm2_conf = here.join("tokens/softhsm2.conf");
        let pin_file = here.join("secrets/hsm-pin");
        if !softhsm2_conf.exists() || !pin_file.exists() {
            bail!(
                "there is no token in {}; make one by running ./SoftHSM-setup.sh in the project's folder, and start \
                 the demo there",
                here.display()
            );
        }
        let Some(module) = MODULES.into_iter().find(|path| Path::new(path).exists()) else {
            bail!("SoftHSM is not installed; ./SoftHSM-setup.sh installs it");
        };
        let variable = (
            "SOFTHSM2_CONF".to_owned(),
            softhsm2_conf.display().to_string(),
        );
        process::adopt(&[variable].into())?;
        Ok(Self::SoftHsm {
            softhsm2_conf,
            pin_file,
            module,
        })
    }

    /// Makes the folders, a certificate, and the server's configuration. What an earlier demo left there is used
    /// again; what somebody else put there is never written over.
    pub(super) fn place(
        &self,
        out: &Path,
        ports: Ports,
        database: &Database,
        key: KeyAlgorithm,
    ) -> anyhow::Result<Place> {
        let server = out.join(SERVER);
        // Before anything is made there.
        Made::find(out, &server)?;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&server)
            .with_context(|| format!("{} cannot be made", server.display()))?;
        let (out, server) = (out.canonicalize()?, server.canonicalize()?);
        let made = Made::find(&out, &server)?;
        let lock = made.lock()?;
        let place = Place {
            out,
            server,
            made,
            _lock: lock,
        };
        for name in [ANCHOR, CHAIN] {
            place.made.check(name)?;
        }
        let ambient = Ambient::system();
        let link_key = place.server.join("link-key");
        if !link_key.exists() {
            let key = BASE64_STANDARD.encode(ambient.random::<32>());
            place.write_private("link-key", key.as_bytes())?;
        }
        let tls = self_signed(&["localhost", "127.0.0.1", "::1"], ambient.now())?;
        place.write_private("tls.pem", tls.certificate_pem.as_bytes())?;
        place.write_private("tls.key", tls.key_pem.expose().as_bytes())?;
        if let Database::Postgres {
            password: Some(password),
            ..
        } = database
        {
            place.write_private(DATABASE_PASSWORD, password.expose().as_bytes())?;
        }
        let configuration = self.configuration(ports, database, key);
        place.write_private("rubrica.toml", configuration.as_bytes())?;
        Ok(place)
    }

    fn configuration(&self, ports: Ports, database: &Database, key: KeyAlgorithm) -> String {
        let [api, citizen, ops] = match ports {
            Ports::Usual if USUAL_PORTS.iter().all(|port| is_free(*port)) => USUAL_PORTS,
            Ports::Usual | Ports::Free => [0, 0, 0],
        };
        let database = match database {
            Database::Own => "url = \"sqlite:rubrica.db\"".to_owned(),
            Database::Postgres { url, password } => {
                let url = serde_json::Value::from(url.as_str());
                let file = password
                    .as_ref()
                    .map(|_| format!("\npassword_file = \"{DATABASE_PASSWORD}\""));
                format!("url = {url}{}", file.unwrap_or_default())
            }
        };
        format!(
            r#"# The demo's server. Start it again with: rubrica --config THIS-FILE serve

[server]
node = "demo"
link_key_file = "link-key"

[api]
listen = "127.0.0.1:{api}"
certificate = "tls.pem"
key = "tls.key"

[citizen]
listen = "127.0.0.1:{citizen}"
certificate = "tls.pem"
key = "tls.key"

[ops]
listen = "127.0.0.1:{ops}"

[limits]
documents_per_request = 1000
document = "4 GiB"
body = "1024 GiB"

[database]
{database}

[documents]
url = "file:documents"

{token}[sms]
outbox = "outbox"

[telemetry]
format = "text"
"#,
            token = self.tables(key),
        )
    }

    /// The token's tables of the configuration.
    fn tables(&self, key: KeyAlgorithm) -> String {
        // Never unless it was asked for.
        let short = key == KeyAlgorithm::Rsa2048;
        match self {
            Self::SoftHsm {
                softhsm2_conf,
                pin_file,
                module,
            } => format!(
                r#"[hsm]
module = {module}
token = "{TOKEN}"
pin_file = {pin}
allow_rsa_2048 = {short}
environment = {{ SOFTHSM2_CONF = {conf} }}

"#,
                module = quoted(Path::new(module)),
                pin = quoted(pin_file),
                conf = quoted(softhsm2_conf),
            ),
            Self::Profile(profile) => profile.tables(&[("allow_rsa_2048", short.to_string())]),
        }
    }
}

impl Place {
    /// Reads the server's configuration.
    pub(super) fn load(&self) -> anyhow::Result<Loaded> {
        Ok(config::load(Some(&self.configuration()))?)
    }

    /// Where signed files go.
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    /// What demos wrote there.
    pub(super) fn made(&self) -> &Made {
        &self.made
    }

    /// `chain.pem`: the citizen's certificate and those above it; `ca.pem`: the last of them, whom the reader trusts.
    pub(super) fn write_certificates(&self, chain: &str) -> anyhow::Result<()> {
        let certificates = pem::certificates(chain)?;
        let anchor = certificates
            .last()
            .context("the chain has no certificate authority")?;
        let anchor = pem::encode("CERTIFICATE", anchor)?;
        for (name, content) in [(CHAIN, chain), (ANCHOR, &*anchor)] {
            self.made.write(name, content.as_bytes(), Readers::All)?;
        }
        Ok(())
    }

    /// The certificate to trust.
    pub(super) fn anchor(&self) -> PathBuf {
        self.out.join(ANCHOR)
    }

    /// The citizen's certificate and those above it.
    pub(super) fn chain(&self) -> PathBuf {
        self.out.join(CHAIN)
    }

    /// The server's TLS certificate, which nobody but the demo trusts.
    pub(super) fn certificate(&self) -> PathBuf {
        self.server.join("tls.pem")
    }

    /// Where SMS are written to.
    pub(super) fn outbox(&self) -> PathBuf {
        self.server.join("outbox")
    }

    /// The server's log.
    pub(super) fn log(&self) -> PathBuf {
        self.server.join("server.log")
    }

    /// The server's configuration.
    pub(super) fn configuration(&self) -> PathBuf {
        self.server.join("rubrica.toml")
    }

    /// Writes a file of the server's that only its owner can read.
    fn write_private(&self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        let name = format!("{SERVER}/{name}");
        self.made.write(&name, content, Readers::Owner)
    }
}

/// As TOML writes it, which in this is as JSON does.
fn quoted(path: &Path) -> String {
    serde_json::Value::from(path.to_string_lossy()).to_string()
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
