//! Objects made for one job, destroyed at its end whatever happens.

use cryptoki::object::ObjectHandle;

use super::connection::Connection;

/// An object that is destroyed when this is dropped, unless it is kept.
pub(super) struct Ephemeral<'a> {
    connection: &'a Connection,
    /// Its handle.
    pub(super) handle: ObjectHandle,
    kept: bool,
}

impl<'a> Ephemeral<'a> {
    /// Takes charge of an object just made.
    pub(super) fn new(connection: &'a Connection, handle: ObjectHandle) -> Self {
        Self {
            connection,
            handle,
            kept: false,
        }
    }

    /// Leaves the object where it is.
    pub(super) fn keep(mut self) -> ObjectHandle {
        self.kept = true;
        self.handle
    }
}

impl Drop for Ephemeral<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        if let Err(error) = self.connection.session.destroy_object(self.handle) {
            // The end of the session is the end of its objects (PKCS#11 section 6.7.3).
            self.connection.spoilt.set(true);
            tracing::warn!(%error, "a session object was not destroyed; its session is closed instead");
        }
    }
}
