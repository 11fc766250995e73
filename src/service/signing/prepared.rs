//! One document made ready: what the HSM has to sign, and what the value will be put into.

use std::io;

use time::OffsetDateTime;

use super::super::document_fault::failure_of;
use super::super::{Service, ServiceError};
use super::Failure;
use super::storing::source;
use crate::ades::pdf::{PdfError, RandomAccess};
use crate::ades::{AdesError, Assembled, CertificateChain, cades, pades};
use crate::documents::DocumentsError;
use crate::domain::algorithm::{Hasher, SignatureScheme};
use crate::domain::key::{ToSign, VerifiedValue};
use crate::domain::object_key::ObjectKey;
use crate::domain::request::{Document, DocumentReason, PadesOptions, SignatureOptions};

/// Longest PDF that is read whole when it is signed: 1 MiB.
///
/// What is appended to a PDF is made of objects of its own. Each block that is read is compared with what came, and a
/// longer PDF is signed by the state kept from its upload, so that its length costs nothing while the citizen waits: what
/// is kept of its signed form is what follows the original. A shorter one is compared to its end and kept as a file of its
/// own, which costs no more.
const READ_WHOLE: u64 = 1024 * 1024;

/// A document that waits for its signature value.
pub(super) struct Ready {
    pub(super) signing_time: OffsetDateTime,
    form: Form,
    /// SHA-256 of the original, which has taken in all of it, where only what follows the original will be kept.
    pub(super) original: Option<Hasher>,
}

enum Form {
    Cades(cades::Prepared),
    Pades(pades::Prepared),
}

/// Why a document is not ready.
pub(super) enum Stopped {
    /// This document cannot be signed; others may.
    Document(Failure),
    /// The service cannot go on now.
    Service(ServiceError),
}

impl Ready {
    pub(super) fn to_sign(&self) -> ToSign {
        let (scheme, dtbs_r) = match &self.form {
            Form::Cades(prepared) => (prepared.scheme(), prepared.dtbs_r()),
            Form::Pades(prepared) => (prepared.scheme(), prepared.dtbs_r()),
        };
        ToSign { scheme, dtbs_r }
    }

    /// The value in a file that this was assembled into earlier; the file may be another in all else.
    pub(super) fn value_in(
        &self,
        file: &mut dyn RandomAccess,
    ) -> io::Result<Option<VerifiedValue>> {
        match &self.form {
            Form::Cades(prepared) => prepared.value_in(file),
            Form::Pades(prepared) => prepared.value_in(file),
        }
    }

    pub(super) fn assemble(self, value: VerifiedValue) -> Result<Assembled, AdesError> {
        match self.form {
            Form::Cades(prepared) => prepared.assemble(value),
            Form::Pades(prepared) => prepared.assemble(value),
        }
    }
}

impl Service {
    pub(super) fn make_ready(
        &self,
        document: &Document,
        chain: &CertificateChain,
        at: OffsetDateTime,
    ) -> Result<Ready, Stopped> {
        if let Err(error) = self.acceptance.check(document) {
            tracing::error!(request = %document.request, document = %document.id, %error, "a document is not signed");
            return Err(Stopped::Document(Failure::new(
                DocumentReason::DocumentAltered,
            )));
        }
        let key = chain.public_key().algorithm();
        let scheme = SignatureScheme {
            padding: document
                .options
                .padding
                .unwrap_or_else(|| key.default_scheme().padding),
            digest: document.options.digest,
        };
        if !key.supports(scheme) {
            return Err(Stopped::Document(Failure::new(
                DocumentReason::PaddingUnsuited,
            )));
        }
        let form = match &document.options.signature {
            SignatureOptions::Cades { packaging, options } => cades::prepare(&cades::Input {
                chain: chain.clone(),
                scheme,
                document: document.digest.clone(),
                document_len: document.size,
                packaging: *packaging,
                signing_time: at,
                media_type: Some(document.media_type.clone()),
                options: options.clone(),
            })
            .map(Form::Cades),
            SignatureOptions::Pades(options) => {
                return self.prepare_pdf(document, options, chain, scheme, at);
            }
        };
        let form = form.map_err(|error| Stopped::Document(failure_of(&error)))?;
        Ok(Ready {
            signing_time: at,
            form,
            original: None,
        })
    }
}

impl Service {
    fn prepare_pdf(
        &self,
        document: &Document,
        options: &PadesOptions,
        chain: &CertificateChain,
        scheme: SignatureScheme,
        at: OffsetDateTime,
    ) -> Result<Ready, Stopped> {
        let missing = || Stopped::Document(Failure::new(DocumentReason::DocumentMissing));
        let key: ObjectKey = document
            .object_key
            .as_deref()
            .and_then(|key| key.parse().ok())
            .ok_or_else(missing)?;
        let documents = &self.inner.documents;
        let is_long = document.size > READ_WHOLE;
        let opened = documents
            .open_known(source(document, &key), document.block_states.clone())
            .and_then(|opened| {
                let Some(mut reader) = opened else {
                    return Ok(None);
                };
                let sha256 = if is_long {
                    Some(reader.sha256()?)
                } else {
                    reader.check_all()?;
                    None
                };
                Ok(Some((reader, sha256)))
            });
        let (mut source, sha256) = match opened {
            Ok(Some(opened)) => opened,
            Ok(None) | Err(DocumentsError::Missing) => return Err(missing()),
            Err(DocumentsError::Changed) => {
                return Err(Stopped::Document(Failure::new(
                    DocumentReason::DocumentChanged,
                )));
            }
            Err(error) => return Err(Stopped::Service(error.into())),
        };
        // The state kept from the upload: only the bytes behind its last whole block are read again.
        let original =
            Hasher::resume(scheme.digest, &document.digest_midstate).map_err(|error| {
                Stopped::Document(Failure::of(DocumentReason::InternalError, &error))
            })?;
        let options = pades::Options::try_from(options).map_err(|error| {
            Stopped::Document(Failure::of(DocumentReason::InternalError, &error))
        })?;
        let input = pades::Input {
            chain: chain.clone(),
            scheme,
            original,
            signing_time: at,
            options,
        };
        match pades::prepare(&mut source, input) {
            Ok(prepared) => Ok(Ready {
                signing_time: at,
                form: Form::Pades(prepared),
                original: sha256,
            }),
            Err(AdesError::Pdf(PdfError::Read(source))) => Err(unreadable(source)),
            Err(error) => Err(Stopped::Document(failure_of(&error))),
        }
    }
}

/// A document that could not be read to where it was needed: the store is away, or gives other bytes than it took.
pub(super) fn unreadable(source: io::Error) -> Stopped {
    match source.downcast::<DocumentsError>() {
        Ok(DocumentsError::Missing) => {
            Stopped::Document(Failure::new(DocumentReason::DocumentMissing))
        }
        Ok(DocumentsError::Changed) => {
            Stopped::Document(Failure::new(DocumentReason::DocumentChanged))
        }
        Ok(error) => Stopped::Service(error.into()),
        Err(error) => Stopped::Document(Failure::of(DocumentReason::PdfDamaged, &error)),
    }
}
