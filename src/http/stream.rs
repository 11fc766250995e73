//! Documents on their way to a client: pieces that are read one at a time, each on a thread made for blocking.

use std::error::Error;
use std::io;

use actix_web::web::{self, Bytes};
use futures_util::{Stream, stream};
use tracing::Span;

use crate::domain::text::with_causes;

/// Reads the next piece when the client has taken the one before, so that memory holds one piece for each client.
///
/// An error ends the answer short of its announced length, which the client notices. The call's own line in the log is
/// written by then, so the error gets one here, under the call's name.
pub(super) fn pieces<E>(
    chunks: impl Iterator<Item = Result<Bytes, E>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, io::Error>>
where
    E: Error + Send + Sync + 'static,
{
    let call = Span::current();
    stream::unfold(Some(chunks), move |chunks| {
        let call = call.clone();
        async move {
            let mut chunks = chunks?;
            let span = call.clone();
            let read = web::block(move || {
                let next = span.in_scope(|| chunks.next());
                (next, chunks)
            });
            match read.await {
                Ok((Some(Ok(piece)), rest)) => Some((Ok(piece), Some(rest))),
                Ok((Some(Err(error)), _)) => Some((Err(broken_off(&call, error)), None)),
                Ok((None, _)) => None,
                Err(error) => Some((Err(broken_off(&call, error)), None)),
            }
        }
    })
}

fn broken_off(call: &Span, error: impl Error + Send + Sync + 'static) -> io::Error {
    let causes = with_causes(&error);
    call.in_scope(|| tracing::error!(causes, "an answer was broken off"));
    io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::StreamExt;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the object cannot be read")]
    struct Unreadable(#[source] io::Error);

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[actix_web::test]
    async fn an_answer_that_breaks_off_is_told_with_its_call_and_cause() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .finish();
        let _heard = tracing::subscriber::set_default(subscriber);
        let chunks = [
            Ok(Bytes::from_static(b"a")),
            Err(Unreadable(io::Error::other("the disk is gone"))),
            Ok(Bytes::from_static(b"b")),
        ];
        let call = tracing::info_span!("call", id = "one-call");
        let stream = call.in_scope(|| pieces(chunks.into_iter()));
        // Polled by the connection, when the call is over.
        drop(call);
        let told: Vec<_> = std::pin::pin!(stream).collect().await;
        assert!(matches!(told.as_slice(), [Ok(_), Err(_)]));
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("one-call"), "{log}");
        assert!(
            log.contains("the object cannot be read: the disk is gone"),
            "{log}"
        );
    }
}
