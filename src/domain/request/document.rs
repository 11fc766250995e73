//! One document of a signature request, as it is kept.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::RequestState;
use super::options::DocumentOptions;
use crate::domain::algorithm::{Digest, named};
use crate::domain::block_states::BlockStates;
use crate::domain::document::Packaging;
use crate::domain::id::{DocumentId, RequestId};

named!(
    /// Where one document stands.
    DocumentState {
        /// Not signed yet.
        Waiting = "waiting",
        /// Signed, verified and stored.
        Signed = "signed",
        /// It could not be signed; its reason says why.
        Failed = "failed",
        /// Its request ended before it was signed; its reason says how. Told to apps and never kept.
        NotSigned = "not_signed",
    }
);

named!(
    /// Why a document cannot be, or was not, signed.
    DocumentReason {
        /// The file does not begin as a PDF does.
        NotAPdf = "not_a_pdf",
        /// A PDF whose structure cannot be read.
        PdfDamaged = "pdf_damaged",
        /// A PDF that is encrypted.
        PdfEncrypted = "pdf_encrypted",
        /// A PDF whose author or an earlier signer forbids a further signature.
        PdfSigningForbidden = "pdf_signing_forbidden",
        /// A PDF with a construction that cannot be signed here.
        PdfUnsupported = "pdf_unsupported",
        /// The signature field asked for is not in the PDF, or is signed already.
        PdfFieldUnavailable = "pdf_field_unavailable",
        /// The padding asked for does not fit the signer's key.
        PaddingUnsuited = "padding_unsuited",
        /// The stored document is not there any more.
        DocumentMissing = "document_missing",
        /// The stored document no longer has the digest the signer saw.
        DocumentChanged = "document_changed",
        /// The record of the document is not what it was when the document was accepted.
        DocumentAltered = "document_altered",
        /// The signature value did not verify with the signer's certificate, so it was thrown away.
        SignatureNotVerified = "signature_not_verified",
        /// The signer was blocked, or the account or the credential ended, before this document was signed.
        SignerCannotSign = "signer_cannot_sign",
        /// The signer's key cannot be opened or used: its record is damaged.
        KeyUnusable = "key_unusable",
        /// The HSM went away before it signed this document.
        HsmUnavailable = "hsm_unavailable",
        /// The HSM refused to sign.
        HsmRefused = "hsm_refused",
        /// The HSM lacks the key-encryption key that the signer's key is under.
        KekMissing = "kek_missing",
        /// The signed document could not be stored.
        NotStored = "not_stored",
        /// The server stopped before this document was signed.
        Interrupted = "interrupted",
        /// The signer refused the request it belongs to.
        RequestRefused = "request_refused",
        /// The app took the request back that it belongs to.
        RequestCancelled = "request_cancelled",
        /// Nobody approved the request in time that it belongs to.
        RequestExpired = "request_expired",
        /// A fault of the server; its log says more.
        InternalError = "internal_error",
    }
);

impl DocumentReason {
    /// The reason as a sentence for the developer of an app.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NotAPdf => "The file is not a PDF. Send a PDF, or ask for the format `cades`.",
            Self::PdfDamaged => {
                "The PDF's structure cannot be read. Repair it, for example by saving it anew."
            }
            Self::PdfEncrypted => "The PDF is encrypted. Send it without encryption.",
            Self::PdfSigningForbidden => {
                "The PDF forbids further signatures: its author or an earlier signer locked it."
            }
            Self::PdfUnsupported => "The PDF has a construction that cannot be signed here.",
            Self::PdfFieldUnavailable => {
                "The signature field asked for is not in the PDF, or is signed already."
            }
            Self::PaddingUnsuited => "The padding asked for does not fit the signer's key.",
            Self::DocumentMissing => "The stored document is not there any more.",
            Self::DocumentChanged => {
                "The stored document no longer has the digest that the signer saw. It was not signed."
            }
            Self::DocumentAltered => {
                "The server's record of the document is not what it was when the document was accepted. It was not \
                 signed."
            }
            Self::SignatureNotVerified => {
                "The signature did not verify with the signer's certificate and was thrown away."
            }
            Self::HsmUnavailable => {
                "The HSM went away before it signed this document. Ask for it again in a new request."
            }
            Self::SignerCannotSign => {
                "The signer may not sign any more: the account was blocked or closed, or the credential was revoked, \
                 before this document was signed."
            }
            Self::KeyUnusable => {
                "The signer's key cannot be used. An administrator has to look into it, and may issue another."
            }
            Self::HsmRefused => "The HSM refused to sign.",
            Self::KekMissing => {
                "The HSM lacks the key-encryption key that the signer's key is under. An administrator has to bring it back; \
                 then a new request can be signed."
            }
            Self::NotStored => {
                "The signed document could not be stored: the server's document store was full or away. Ask for it \
                 again in a new request."
            }
            Self::Interrupted => "The server stopped before this document was signed.",
            Self::RequestRefused => {
                "The request was refused; the request's own reason says how. It was not signed."
            }
            Self::RequestCancelled => "The app cancelled the request. It was not signed.",
            Self::RequestExpired => {
                "The signer did not approve the request within its lifetime. It was not signed."
            }
            Self::InternalError => "A fault of the server; its log says more.",
        }
    }
}

/// One document of a request. Its bytes are in the document store, under keys that name nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its identifier.
    pub id: DocumentId,
    /// The request it belongs to.
    pub request: RequestId,
    /// Its place in the request, from 0.
    pub position: u32,
    /// Where it stands.
    pub state: DocumentState,
    /// Why, when it failed or was not signed.
    pub reason: Option<DocumentReason>,
    /// What exactly was found, for people; free of secrets.
    pub detail: Option<String>,
    /// The file name the app gave.
    pub name: String,
    /// What the app calls it, shown to the signer.
    pub title: Option<String>,
    /// Its media type (RFC 6838).
    pub media_type: String,
    /// How it is to be signed.
    pub options: DocumentOptions,
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 over the document as it was sent, shown to the signer.
    pub sha256: Digest,
    /// Digest over the same bytes by the algorithm of the signature.
    pub digest: Digest,
    /// State of that digest after the last whole block ([`Hasher::resume`](crate::domain::algorithm::Hasher::resume)).
    pub digest_midstate: Vec<u8>,
    /// By what its blocks are known again when some of them are read.
    pub block_states: BlockStates,
    /// HMAC-SHA256 over what was accepted, under a key that is not in the database: 32 bytes.
    pub acceptance_mac: Vec<u8>,
    /// Where its bytes are; `None` once they are deleted.
    pub object_key: Option<String>,
    /// The result, once there is one.
    pub signed: Option<SignedDocument>,
}

impl Document {
    /// The document as it is seen once its request is in that state: one that waits for ever does not.
    #[must_use]
    pub fn seen_in(mut self, request: RequestState) -> Self {
        if self.state == DocumentState::Waiting
            && let Some(reason) = reason_of_ending(request)
        {
            self.state = DocumentState::NotSigned;
            self.reason = Some(reason);
        }
        self
    }

    /// What the signed file is called: a PDF keeps its name, CAdES adds `.p7m` or `.p7s` (RFC 8551 section 3.2.1).
    pub fn signed_name(&self) -> String {
        let ending = self.options.packaging().map_or("", Packaging::ending);
        format!("{}{ending}", self.name)
    }

    /// The media type of the signed file (RFC 8551 section 3.2).
    pub fn signed_media_type(&self) -> &'static str {
        match self.options.packaging() {
            None => "application/pdf",
            Some(Packaging::Enveloping) => "application/pkcs7-mime",
            Some(Packaging::Detached) => "application/pkcs7-signature",
        }
    }
}

fn reason_of_ending(request: RequestState) -> Option<DocumentReason> {
    match request {
        RequestState::Pending | RequestState::Signing => None,
        RequestState::Refused => Some(DocumentReason::RequestRefused),
        RequestState::Cancelled => Some(DocumentReason::RequestCancelled),
        RequestState::Expired => Some(DocumentReason::RequestExpired),
        // Every document of these has its own result, unless the node was lost.
        RequestState::Completed | RequestState::Failed => Some(DocumentReason::Interrupted),
    }
}

named!(
    /// What is kept of a signed document.
    Kept {
        /// The signed file.
        Whole = "whole",
        /// What is written behind the original, which is kept too.
        Tail = "tail",
    }
);

/// A signed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedDocument {
    /// Where its bytes, or the last of them, are; `None` once they are deleted.
    pub object_key: Option<String>,
    /// What is there.
    pub kept: Kept,
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 over the signed file.
    pub sha256: Digest,
    /// The time written in the signature.
    pub signed_at: OffsetDateTime,
}
