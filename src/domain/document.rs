//! What an app may ask for with a document.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::algorithm::named;

named!(
    /// Signature format, at baseline level B-B.
    Format {
        /// PAdES (EN 319 142-1): the signature is appended to the PDF.
        Pades = "pades",
        /// CAdES (EN 319 122-1): a CMS signature around or beside the document.
        Cades = "cades",
    }
);

named!(
    /// Where a CAdES signature keeps the document (RFC 5652 section 5.2).
    Packaging {
        /// Inside, as eContent: one `.p7m` file.
        Enveloping = "enveloping",
        /// Apart: a `.p7s` file beside the untouched document.
        Detached = "detached",
    }
);

named!(
    /// What a signer commits to by signing (EN 319 122-1 clause 5.2.3, RFC 5126 section 5.11.1).
    CommitmentType {
        /// The signer made, approved and sent the document.
        ProofOfOrigin = "proof-of-origin",
        /// The signer received the document.
        ProofOfReceipt = "proof-of-receipt",
        /// Whoever signs has delivered the document where its recipient can reach it.
        ProofOfDelivery = "proof-of-delivery",
        /// The signer sent the document, without having made it.
        ProofOfSender = "proof-of-sender",
        /// The signer approved the content.
        ProofOfApproval = "proof-of-approval",
        /// The signer made the document, without having approved or sent it.
        ProofOfCreation = "proof-of-creation",
    }
);
