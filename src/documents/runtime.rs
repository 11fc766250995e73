//! The crossing from synchronous callers to the object store's asynchronous functions.

use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime that nothing else uses.
pub(super) struct Private {
    handle: Handle,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl Private {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("documents")
            .enable_all()
            .build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// Runs a future to its end while the calling thread waits.
    pub(super) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }
}

impl Drop for Private {
    /// Does not wait, since the last owner may be asynchronous code, where waiting is a panic.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
