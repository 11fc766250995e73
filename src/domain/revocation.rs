//! Why a certificate ends before its time.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::algorithm::named;

named!(
    /// Reason of a revocation (RFC 5280 section 5.3.1). Putting on hold is absent: a revoked key is deleted and
    /// cannot come back.
    RevocationReason {
        /// None is told.
        Unspecified = "unspecified",
        /// Somebody else may have used the key.
        KeyCompromise = "key-compromise",
        /// The authority's own key may be in other hands.
        AuthorityCompromise = "authority-compromise",
        /// A name in the certificate is not right any more.
        AffiliationChanged = "affiliation-changed",
        /// A newer certificate takes its place.
        Superseded = "superseded",
        /// The holder resigned or died, or the service ends.
        CessationOfOperation = "cessation-of-operation",
        /// The holder may not have it any more; used for revocation ex officio.
        PrivilegeWithdrawn = "privilege-withdrawn",
    }
);
