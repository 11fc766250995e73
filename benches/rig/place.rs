//! A folder with everything a server needs: configuration, secrets, certificate, documents and, with SQLite, the database.

use std::fs::{self, DirBuilder};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use rubrica::clock::Ambient;
use rubrica::config::Config;
use rubrica::http::tls::self_signed;
use rubrica::service::Service;
use rubrica::{app, config};
use serde_json::json;
use tempfile::TempDir;

use super::gateway::Gateway;
use super::postgres::{Notes, Postgres};
use super::token::{Selector, Token};

/// What a seeded folder remembers.
const ABOUT: &str = "seeded.json";

/// The folder, and what lives as long as it is used.
pub(crate) struct Place {
    folder: PathBuf,
    call_delay: Duration,
    /// How long documents stay, where it is not as long as usual.
    retention: Option<Duration>,
    /// Of a folder that has a PostgreSQL of its own.
    postgres: Option<Postgres>,
    _temporary: Option<TempDir>,
}

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Database {
    /// A file in the folder.
    Sqlite,
    /// A PostgreSQL in the folder, started when the folder is used.
    Own,
    /// The same, one that notes its statements and its waits.
    Observed,
    /// Somebody's PostgreSQL.
    Url(String),
}

/// What the folder's server shall be like.
pub(crate) struct Wishes<'a> {
    pub(crate) token: &'a Token,
    pub(crate) gateway: &'a Gateway,
    /// Sessions at the token, and so calls in flight.
    pub(crate) sessions: usize,
    /// Kind of the authorities' keys.
    pub(crate) authorities: &'static str,
}

impl Place {
    /// A folder for this run alone.
    pub(crate) fn temporary(database: &Database, wishes: &Wishes<'_>) -> anyhow::Result<Self> {
        let temporary = tempfile::tempdir()?;
        let name = hex::encode(Ambient::system().random::<4>());
        let (url, postgres) = opened(database, temporary.path())?;
        furnish(temporary.path(), &name, &url, wishes)?;
        Ok(Self {
            folder: temporary.path().to_owned(),
            call_delay: Duration::ZERO,
            retention: None,
            postgres,
            _temporary: Some(temporary),
        })
    }

    /// A folder that stays. Gives the token that belongs to it, which is made with the folder.
    pub(crate) fn lasting(
        folder: &Path,
        database: Option<&Database>,
        gateway: &Gateway,
        sessions: usize,
    ) -> anyhow::Result<(Self, Token)> {
        let about = folder.join(ABOUT);
        let (name, database, token) = if about.exists() {
            remembered(&about, database)?
        } else {
            fs::create_dir_all(folder)?;
            let database = database.cloned().unwrap_or(Database::Sqlite);
            let name = hex::encode(Ambient::system().random::<4>());
            let token = Token::lasting()?;
            remember(&about, &name, &database, &token)?;
            (name, database, token)
        };
        let folder = folder.canonicalize()?;
        let (url, postgres) = opened(&database, &folder)?;
        let wishes = Wishes {
            token: &token,
            gateway,
            sessions,
            authorities: "ec-p256",
        };
        furnish(&folder, &name, &url, &wishes)?;
        let place = Self {
            folder,
            call_delay: Duration::ZERO,
            retention: None,
            postgres,
            _temporary: None,
        };
        Ok((place, token))
    }

    /// The same, with a token that is so far away. Only for the use cases in this process.
    pub(crate) fn with_call_delay(self, call_delay: Duration) -> Self {
        Self { call_delay, ..self }
    }

    /// The same, where documents stay so long after their request's end. Only for the use cases in this process.
    pub(crate) fn with_retention(self, retention: Duration) -> Self {
        Self {
            retention: Some(retention),
            ..self
        }
    }

    /// Which kind of database a seeded folder has.
    pub(crate) fn database_of(folder: &Path) -> anyhow::Result<Database> {
        Ok(remembered(&folder.join(ABOUT), None)?.1)
    }

    /// The configuration file.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder.join("rubrica.toml")
    }

    /// The certificate of both listeners.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("server.pem")
    }

    /// Where the log of that node's server goes.
    pub(crate) fn log(&self, node: &str) -> PathBuf {
        self.folder.join(format!("{node}.log"))
    }

    /// The folder's PostgreSQL, when it has one.
    pub(crate) fn postgres(&self) -> anyhow::Result<&Postgres> {
        self.postgres.as_ref().context("there is no PostgreSQL")
    }

    /// The use cases over it, in this process.
    pub(crate) fn service(&self) -> anyhow::Result<Service> {
        let config = self.loaded()?;
        app::migrate(&config)?;
        Ok(app::service(config)?)
    }

    /// The configuration as it is read.
    pub(crate) fn loaded(&self) -> anyhow::Result<Config> {
        let mut config = config::load(Some(&self.configuration()))?.config;
        config.hsm.call_delay = self.call_delay;
        if let Some(retention) = self.retention {
            config.requests.retention = retention;
        }
        Ok(config)
    }
}

/// What `--database` may say.
impl From<&str> for Database {
    fn from(text: &str) -> Self {
        match text {
            "sqlite" => Self::Sqlite,
            "postgres" => Self::Own,
            url => Self::Url(url.to_owned()),
        }
    }
}

impl Database {
    fn as_str(&self) -> &str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Own | Self::Observed => "postgres",
            Self::Url(url) => url,
        }
    }
}

fn opened(database: &Database, folder: &Path) -> anyhow::Result<(String, Option<Postgres>)> {
    Ok(match database {
        Database::Sqlite => ("sqlite:rubrica.db".to_owned(), None),
        Database::Own | Database::Observed => {
            let notes = match database {
                Database::Observed => Notes::Everything,
                _ => Notes::Usual,
            };
            let postgres = Postgres::start(&folder.join("postgres"), notes)?;
            (postgres.url(), Some(postgres))
        }
        Database::Url(url) => (url.clone(), None),
    })
}

fn remember(about: &Path, name: &str, database: &Database, token: &Token) -> anyhow::Result<()> {
    let Selector::Label(label) = &token.selector else {
        anyhow::bail!("only SoftHSM's tokens are kept");
    };
    let text = json!({
        "name": name,
        "database": database.as_str(),
        "token": label,
        "pin": token.pin,
    });
    write_private(about, &text.to_string())
}

fn remembered(
    about: &Path,
    wanted: Option<&Database>,
) -> anyhow::Result<(String, Database, Token)> {
    let text = fs::read(about)
        .with_context(|| format!("{} cannot be read: is it seeded?", about.display()))?;
    let value: serde_json::Value = serde_json::from_slice(&text)?;
    let member = |name: &str| {
        let found = value.get(name).and_then(|member| member.as_str());
        found
            .map(str::to_owned)
            .with_context(|| format!("{} has no {name}", about.display()))
    };
    let database = Database::from(member("database")?.as_str());
    if let Some(wanted) = wanted
        && *wanted != database
    {
        anyhow::bail!(
            "{} was begun with the database {}; take another folder",
            about.display(),
            database.as_str()
        );
    }
    let token = Token::again(member("token")?, member("pin")?)?;
    Ok((member("name")?, database, token))
}

/// Writes what is missing, and the configuration anew: the gateway's address is of this run.
fn furnish(folder: &Path, name: &str, url: &str, wishes: &Wishes<'_>) -> anyhow::Result<()> {
    let secrets = [
        ("pin", wishes.token.pin.clone()),
        ("link-key", format!("{}=", "A".repeat(43))),
    ];
    for (file, secret) in secrets {
        if !folder.join(file).exists() {
            write_private(&folder.join(file), &secret)?;
        }
    }
    if !folder.join("server.key").exists() {
        let made = self_signed(&["127.0.0.1", "localhost"], Ambient::system().now())?;
        fs::write(folder.join("server.pem"), &made.certificate_pem)?;
        write_private(&folder.join("server.key"), made.key_pem.expose())?;
    }
    // As in a store that has been in use: none of its folders is still to be made.
    for first in 0..=u8::MAX {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder.join("documents").join(hex::encode([first])))?;
    }
    let token = wishes.token.tables(&[
        ("pin_file", "\"pin\"".to_owned()),
        ("sessions", wishes.sessions.to_string()),
        ("queue", "1024".to_owned()),
        ("call_timeout", "\"2 min\"".to_owned()),
    ])?;
    let listener = "listen = \"127.0.0.1:0\"\ncertificate = \"server.pem\"\nkey = \"server.key\"";
    let text = format!(
        r#"
[server]
node = "bench"
link_key_file = "link-key"
[api]
{listener}
[citizen]
{listener}
[ops]
listen = "127.0.0.1:0"
[limits]
documents_per_request = 10000
document = "2 GiB"
body = "2 GiB"
calls_per_minute = 1000000
burst = 1000000
address_calls_per_minute = 1000000
address_burst = 1000000
uploads_at_once = 128
uploads_per_app = 128
[database]
url = "{url}"
connections = 32
[documents]
url = "file:documents"
[identity]
code_life = "30 min"
sms_per_hour = 1000
argon2_memory = 64
argon2_passes = 1
[sms]
url = "{}"
[pki]
key = "{}"
root_label = "root-{name}"
issuing_label = "issuing-{name}"
{token}
key_label = "audit-{name}"
"#,
        wishes.gateway.url(),
        wishes.authorities,
    );
    Ok(fs::write(folder.join("rubrica.toml"), text)?)
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}
