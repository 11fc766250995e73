//! Documents on their way to a client: pieces that are read one at a time, each on a thread made for blocking.

use std::error::Error;
use std::io;

use actix_web::web::{self, Bytes};
use futures_util::{Stream, stream};

/// Reads the next piece when the client has taken the one before, so that memory holds one piece for each client.
/// An error ends the answer short of its announced length, which the client notices.
pub(super) fn pieces<E>(
    chunks: impl Iterator<Item = Result<Bytes, E>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, io::Error>>
where
    E: Error + Send + Sync + 'static,
{
    stream::unfold(Some(chunks), async |chunks| {
        let mut chunks = chunks?;
        let read = web::block(move || {
            let next = chunks.next();
            (next, chunks)
        });
        match read.await {
            Ok((Some(Ok(piece)), rest)) => Some((Ok(piece), Some(rest))),
            Ok((Some(Err(error)), _)) => {
                tracing::error!(%error, "a document cannot be read on");
                Some((Err(io::Error::other(error)), None))
            }
            Ok((None, _)) => None,
            Err(error) => Some((Err(io::Error::other(error)), None)),
        }
    })
}
