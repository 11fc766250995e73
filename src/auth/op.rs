//! What can be done, one type each. The traits say by whom; there is no other table.

/// Operations of apps.
pub trait ForApps: sealed::Operation {}
/// Operations of administrators.
pub trait ForAdministrators: sealed::Operation {}

mod sealed {
    pub trait Operation: std::fmt::Debug + Clone + Copy {}
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident: $($who:ident),+;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name;
        impl sealed::Operation for $name {}
        $(impl $who for $name {})+
    )+};
}

operations! {
    /// Make a signature request.
    CreateRequest: ForApps;
    /// See the state of one's own signature requests.
    ReadRequest: ForApps;
    /// Take one's own signature request back.
    CancelRequest: ForApps;
    /// Fetch a signed document of one's own signature request.
    FetchDocument: ForApps;
    /// Unblock a signer, give a new activation code.
    ManageAccount: ForAdministrators;
    /// Register signers and change what was registered.
    RegisterSigner: ForAdministrators;
    /// Issue, import and revoke credentials.
    ManageCredentials: ForAdministrators;
    /// Register, rotate and disable apps.
    ManageApps: ForAdministrators;
    /// Make authorities, publish their revocation lists.
    ManageAuthorities: ForAdministrators;
    /// See the token and make key-encryption keys on it.
    ManageHsm: ForAdministrators;
    /// Read, verify and export the journal.
    ReadJournal: ForAdministrators;
    /// Write old rows of the journal to files and drop them from the database.
    ArchiveJournal: ForAdministrators;
}
