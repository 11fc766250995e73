//! Where objects lie: a folder of this machine, or a bucket of a store that speaks Amazon's S3, which several nodes
//! can share.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use object_store::{
    BackoffConfig, Certificate, ClientConfigKey, ClientOptions, ObjectStore, RetryConfig,
};
use url::Url;

use super::DocumentsError;
use crate::domain::secret::SecretText;

/// The least a part may have in S3 but for the last (Amazon S3 User Guide, "Multipart upload limits"): 5 MiB.
const BUCKET_PART: usize = 5 * 1024 * 1024;
/// Held in memory before it goes to the disk: 1 MiB.
const FOLDER_PART: usize = 1024 * 1024;

/// How long the bucket may take to accept a connection, and for one answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(30);
/// A citizen waits meanwhile.
const RETRIES: usize = 3;
const RETRY_UNTIL: Duration = Duration::from_secs(10);

/// Where document bytes are kept.
#[derive(Debug, Clone)]
pub enum Settings {
    /// A folder for this program's account alone.
    Folder(PathBuf),
    /// A bucket, which must be there.
    Bucket(Box<Bucket>),
}

/// A bucket and the way to it.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the names of all objects begin with; empty when nothing.
    pub prefix: String,
    /// The service's address; `None` for Amazon's own.
    pub endpoint: Option<Url>,
    /// The region, part of each request's signature. Services with one only want a name here all the same.
    pub region: String,
    /// `None` when the machine has an identity of its own that the service knows.
    pub key: Option<AccessKey>,
    /// Certificates of the authorities that the service's own certificate is trusted by, in PEM; empty for the
    /// system's.
    pub authorities: Vec<u8>,
}

/// Who asks the service.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// Its name.
    pub id: String,
    /// Its secret.
    pub secret: SecretText,
}

impl Settings {
    /// Makes the folder when it is missing; a bucket is made by whoever gives it.
    pub(super) fn make_folder(&self) -> Result<(), DocumentsError> {
        let Self::Folder(folder) = self else {
            return Ok(());
        };
        make_private(folder).map_err(|source| DocumentsError::Folder {
            path: folder.to_owned(),
            source,
        })
    }

    /// Where files lie, when it is a folder.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Bucket(_) => None,
        }
    }

    /// Bytes written at once.
    pub(super) fn part(&self) -> usize {
        match self {
            Self::Folder(_) => FOLDER_PART,
            Self::Bucket(_) => BUCKET_PART,
        }
    }

    /// [`DocumentsError::Away`] for a folder that is missing.
    pub(super) fn open(&self) -> Result<Arc<dyn ObjectStore>, DocumentsError> {
        match self {
            Self::Folder(folder) => open_folder(folder),
            Self::Bucket(bucket) => open_bucket(bucket),
        }
    }
}

fn open_folder(folder: &Path) -> Result<Arc<dyn ObjectStore>, DocumentsError> {
    match folder.metadata() {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => {
            return Err(DocumentsError::Folder {
                path: folder.to_owned(),
                source: io::ErrorKind::NotADirectory.into(),
            });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(DocumentsError::Away),
        Err(source) => {
            return Err(DocumentsError::Folder {
                path: folder.to_owned(),
                source,
            });
        }
    }
    let store = LocalFileSystem::new_with_prefix(folder).map_err(DocumentsError::Store)?;
    Ok(Arc::new(store))
}

fn open_bucket(bucket: &Bucket) -> Result<Arc<dyn ObjectStore>, DocumentsError> {
    let mut client = ClientOptions::new()
        .with_connect_timeout(CONNECT)
        .with_timeout(ANSWER);
    if !bucket.authorities.is_empty() {
        let trusted = Certificate::from_pem_bundle(&bucket.authorities);
        for authority in trusted.map_err(DocumentsError::Store)? {
            client = client.with_root_certificate(authority);
        }
        client = client.with_no_system_certificates(true);
    }
    let mut builder = AmazonS3Builder::new()
        .with_client_options(client)
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        // One object at a time is all that is ever deleted, and not every service knows the call for many.
        .with_config(AmazonS3ConfigKey::DisableBulkDelete, "true")
        .with_retry(RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: RETRIES,
            retry_timeout: RETRY_UNTIL,
        });
    if let Some(endpoint) = &bucket.endpoint {
        // The bucket stands in the path then, which every service understands.
        let plain = endpoint.scheme() == "http";
        let allow = AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp);
        builder = builder
            .with_endpoint(endpoint.as_str().trim_end_matches('/'))
            .with_config(allow, plain.to_string());
    }
    if let Some(key) = &bucket.key {
        builder = builder
            .with_access_key_id(&key.id)
            .with_secret_access_key(key.secret.expose());
    }
    let store = builder.build().map_err(DocumentsError::Store)?;
    Ok(if bucket.prefix.is_empty() {
        Arc::new(store)
    } else {
        Arc::new(PrefixStore::new(store, bucket.prefix.as_str()))
    })
}

/// Makes a folder that only this program's account can enter. One that is there stays as it is.
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}
