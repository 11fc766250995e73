//! A real S3 server (`s3s-fs`) on a folder of its own, gone with the test.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use rubrica::clock::Ambient;
use rubrica::documents::{AccessKey, Bucket, Settings};
use rubrica::domain::secret::SecretText;
use tempfile::TempDir;

use super::foreign::installed;
use super::process::Watched;

/// The bucket that is there.
const BUCKET: &str = "documents";
const ACCESS_KEY: &str = "rubrica";
/// What it says when it listens.
const LISTENS: &str = "server is running at ";

/// A running server.
pub(crate) struct S3 {
    endpoint: String,
    secret: String,
    folder: TempDir,
    _process: Watched,
}

impl S3 {
    /// Starts one with an empty bucket.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let secret = hex::encode(Ambient::system().random::<16>());
        let mut process = Watched::spawn(
            Command::new(installed("s3/bin/s3s-fs"))
                .args(["--host", "127.0.0.1", "--port", "0"])
                .args(["--access-key", ACCESS_KEY, "--secret-key", &secret])
                .arg(folder.path())
                .env("RUST_LOG", "s3s_fs=info")
                .stdout(Stdio::piped()),
        );
        let mut lines = BufReader::new(process.stdout())
            .lines()
            .map_while(Result::ok);
        let endpoint = lines
            .find_map(|line| {
                let (_, address) = line.split_once(LISTENS)?;
                Some(address.trim().to_owned())
            })
            .expect("it ended before it listened");
        thread::spawn(move || lines.for_each(drop));
        Self {
            endpoint,
            secret,
            folder,
            _process: process,
        }
    }

    /// How the bucket is reached.
    pub(crate) fn bucket(&self) -> Bucket {
        bucket(&self.endpoint, &self.secret)
    }

    /// The same in one line, for another process.
    pub(crate) fn place(&self) -> String {
        format!("{} {}", self.endpoint, self.secret)
    }

    /// The settings of that process.
    pub(crate) fn settings_at(place: &str) -> Settings {
        let (endpoint, secret) = place.split_once(' ').unwrap();
        Settings::Bucket(Box::new(bucket(endpoint, secret)))
    }

    /// The same as settings.
    pub(crate) fn settings(&self) -> Settings {
        Settings::Bucket(Box::new(self.bucket()))
    }

    /// Where the bucket's objects lie.
    pub(crate) fn objects(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }
}

fn bucket(endpoint: &str, secret: &str) -> Bucket {
    Bucket {
        name: BUCKET.to_owned(),
        prefix: String::new(),
        endpoint: Some(endpoint.parse().unwrap()),
        region: "us-east-1".to_owned(),
        key: Some(AccessKey {
            id: ACCESS_KEY.to_owned(),
            secret: SecretText::new(secret.to_owned()),
        }),
        authorities: Vec::new(),
    }
}
