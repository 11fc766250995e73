//! The built-in authorities: making them, and publishing their certificates and revocation lists.

use time::OffsetDateTime;

use super::journaled::actor;
use super::{Service, ServiceError};
use crate::auth::{Authorized, op};
use crate::domain::authority::AuthorityRole;
use crate::domain::pem;
use crate::journal::{Actor, Entry, Event, Outcome};
use crate::pki::profile::{issuing, root};
use crate::pki::revocation::{self, Revoked};
use crate::pki::{Authority, AuthorityKey, HsmKey, PkiError, Serial};
use crate::store::authorities::{self, Coverage, Kept, StoredAuthority, StoredList};
use crate::store::{StoreError, credentials};

/// An authority, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityView {
    /// Which one.
    pub role: AuthorityRole,
    /// Its name (RFC 4514).
    pub name: String,
    /// Its certificate as PEM.
    pub certificate: String,
    /// The last second of its validity.
    pub not_after: OffsetDateTime,
    /// When its next revocation list must be there; `None` before the first.
    pub next_list: Option<OffsetDateTime>,
}

/// What anybody may fetch, at the addresses that stand in certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publication {
    /// An authority's certificate in DER.
    Certificate(AuthorityRole),
    /// An authority's revocation list in DER.
    RevocationList(AuthorityRole),
}

impl Publication {
    /// By the last part of its address: `root.cer`, `issuing.crl` and so on.
    pub fn by_name(name: &str) -> Option<Self> {
        let (role, kind) = name.split_once('.')?;
        let role = role.parse().ok()?;
        match kind {
            "cer" => Some(Self::Certificate(role)),
            "crl" => Some(Self::RevocationList(role)),
            _ => None,
        }
    }
}

impl Service {
    /// Makes root and issuing authority with keys in the HSM, and their first revocation lists. What is there already
    /// stays, so that an interrupted set-up goes on where it stopped.
    pub fn init_authorities(
        &self,
        authorized: &Authorized<op::ManageAuthorities>,
    ) -> Result<Vec<AuthorityView>, ServiceError> {
        let by = actor(authorized.actor());
        self.make_authority(AuthorityRole::Root, &by)?;
        self.make_authority(AuthorityRole::Issuing, &by)?;
        self.publish(&by, Publish::Missing)?;
        self.authorities(authorized)
    }

    /// The authorities that are there, the root first.
    pub fn authorities(
        &self,
        _authorized: &Authorized<op::ManageAuthorities>,
    ) -> Result<Vec<AuthorityView>, ServiceError> {
        let mut views = Vec::new();
        for role in AuthorityRole::ALL {
            if let Some(stored) = self.stored_authority(*role)? {
                views.push(view(*role, &stored)?);
            }
        }
        Ok(views)
    }

    /// Issues both revocation lists anew. Done after every revocation, and by hand when there is doubt.
    pub fn publish_lists(
        &self,
        authorized: &Authorized<op::ManageAuthorities>,
    ) -> Result<Vec<AuthorityView>, ServiceError> {
        self.publish(&actor(authorized.actor()), Publish::All)?;
        self.authorities(authorized)
    }

    /// Issues the revocation lists that are behind or whose time is half over, and tells how many there were. Several
    /// nodes may do it at once; the latest list stays.
    pub fn publish_due_lists(&self) -> Result<usize, ServiceError> {
        self.publish(&Actor::Server, Publish::Due)
    }

    /// What anybody may fetch; `None` before it is made.
    pub fn publication(&self, publication: Publication) -> Result<Option<Vec<u8>>, ServiceError> {
        Ok(match publication {
            Publication::Certificate(role) => self
                .stored_authority(role)?
                .map(|stored| stored.certificate),
            Publication::RevocationList(role) => self
                .stored_authority(role)?
                .and_then(|stored| stored.revocation_list)
                .map(|list| list.der),
        })
    }

    /// An authority and its key.
    pub(super) fn authority(
        &self,
        role: AuthorityRole,
    ) -> Result<(Authority, HsmKey), ServiceError> {
        let stored = self
            .stored_authority(role)?
            .ok_or(ServiceError::AuthoritiesMissing)?;
        let authority = Authority::from_der(&stored.certificate)?;
        let key = HsmKey::find(&self.inner.hsm, self.label(role))?
            .ok_or_else(|| ServiceError::AuthorityKeyMissing(self.label(role).to_owned()))?;
        Ok((authority, key))
    }

    fn make_authority(&self, role: AuthorityRole, by: &Actor) -> Result<(), ServiceError> {
        if self.stored_authority(role)?.is_some() {
            return Ok(());
        }
        let settings = &self.inner.settings.pki;
        let now = self.inner.ambient.now();
        let serial = Serial::from_random(self.inner.ambient.random());
        let entry = Entry::new(Event::AuthorityCreated)
            .by(by.clone())
            .detail(role.as_str());
        let made = self.intending(&entry, || {
            let key = HsmKey::find_or_generate(&self.inner.hsm, self.label(role), settings.key())?;
            let made = match role {
                AuthorityRole::Root => root::issue(&key, settings, serial, now)?,
                AuthorityRole::Issuing => {
                    let (root, root_key) = self.authority(AuthorityRole::Root)?;
                    let public_key = key.public_key();
                    issuing::issue(&root, &root_key, public_key, settings, serial, now)?
                }
            };
            let done = entry.clone().detail(&format!("{role}: {}", made.name()));
            self.inner.journal.recording(|connection| {
                authorities::insert(connection, role, made.certificate(), now)?;
                Ok(((), vec![done]))
            })
        });
        match made {
            // Another node was faster, with the same key: its certificate counts.
            Err(ServiceError::Store(StoreError::Conflict { .. })) => Ok(()),
            other => other,
        }
    }

    fn publish(&self, by: &Actor, which: Publish) -> Result<usize, ServiceError> {
        let mut published = 0;
        let half = self.inner.settings.pki.crl_validity() / 2;
        let now = self.inner.ambient.now();
        for role in AuthorityRole::ALL.iter().copied() {
            let Some(stored) = self.stored_authority(role)? else {
                continue;
            };
            let wanted = match (which, &stored.revocation_list) {
                (Publish::All, _) | (_, None) => true,
                (Publish::Missing, Some(_)) => false,
                (Publish::Due, Some(list)) => {
                    stored.coverage == Coverage::Behind || list.next_update - half <= now
                }
            };
            if wanted && self.issue_list(role, by)? == Kept::Newest {
                published += 1;
            }
        }
        Ok(published)
    }

    /// Issues a list and keeps it, unless another node was faster with the next one: then that one counts, and this one is
    /// recorded as superseded.
    fn issue_list(&self, role: AuthorityRole, by: &Actor) -> Result<Kept, ServiceError> {
        let (authority, key) = self.authority(role)?;
        let settings = &self.inner.settings.pki;
        // The number comes first: a list with a greater number then knows no fewer revocations.
        let turn = self
            .inner
            .store
            .write(|connection| authorities::take_turn(connection, role))?
            .ok_or(ServiceError::AuthoritiesMissing)?;
        let entry = Entry::new(Event::RevocationListPublished)
            .by(by.clone())
            .detail(&format!("{role}: number {}", turn.number));
        self.intending(&entry, || {
            let now = self.inner.ambient.now();
            let revoked = match role {
                AuthorityRole::Root => Vec::new(),
                AuthorityRole::Issuing => self.revoked()?,
            };
            let list = revocation::issue(&authority, &key, &revoked, turn.number, settings, now)?;
            let stored = StoredList {
                der: list.der,
                next_update: list.next_update,
            };
            self.inner.journal.recording(|connection| {
                let kept = authorities::keep_list(connection, role, turn, &stored)?;
                let (number, certificates) = (turn.number, revoked.len());
                let entry = entry.clone().detail(&format!(
                    "{role}: number {number}, {certificates} certificates"
                ));
                let entry = match kept {
                    Kept::Newest => entry,
                    Kept::Overtaken => entry.outcome(Outcome::Failed {
                        code: "superseded".to_owned(),
                    }),
                };
                Ok((kept, vec![entry]))
            })
        })
    }

    /// What the issuing authority ever revoked.
    fn revoked(&self) -> Result<Vec<Revoked>, ServiceError> {
        let stored = self.inner.store.read(credentials::revoked)?;
        stored
            .into_iter()
            .map(|one| {
                let serial = one.serial.parse().map_err(PkiError::Serial)?;
                Ok(Revoked {
                    serial,
                    revoked_at: one.revocation.at,
                    reason: one.revocation.reason,
                })
            })
            .collect()
    }

    fn stored_authority(
        &self,
        role: AuthorityRole,
    ) -> Result<Option<StoredAuthority>, ServiceError> {
        let store = &self.inner.store;
        Ok(store.read(|connection| authorities::find(connection, role))?)
    }

    fn label(&self, role: AuthorityRole) -> &str {
        match role {
            AuthorityRole::Root => self.inner.settings.pki.root_label(),
            AuthorityRole::Issuing => self.inner.settings.pki.issuing_label(),
        }
    }
}

/// Which lists to issue.
#[derive(Clone, Copy)]
enum Publish {
    All,
    Due,
    Missing,
}

fn view(role: AuthorityRole, stored: &StoredAuthority) -> Result<AuthorityView, ServiceError> {
    let authority = Authority::from_der(&stored.certificate)?;
    let certificate =
        pem::encode("CERTIFICATE", &stored.certificate).map_err(PkiError::Encoding)?;
    Ok(AuthorityView {
        role,
        name: authority.name(),
        certificate,
        not_after: authority.not_after(),
        next_list: stored.revocation_list.as_ref().map(|list| list.next_update),
    })
}
