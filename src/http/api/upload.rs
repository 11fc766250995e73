//! Documents on their way from the asynchronous side, where bytes arrive, to the use case that stores them.
//!
//! Pieces go through a channel that holds a few of them; when the use case is slower than the line, the line
//! waits. No document is ever held whole.

use std::io::{self, Read};

use bytes::Bytes;
use tokio::sync::mpsc;

/// Pieces on their way at once; each is what one read from the connection gave.
const PIECES: usize = 8;

/// Why documents stopped coming.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadFault {
    /// The body is longer than allowed.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The longest that would have been taken.
        limit: u64,
    },
    /// Nothing came for too long.
    #[error("the client was too slow")]
    TooSlow,
    /// The body is no multipart, or ended early.
    #[error("{0}")]
    Malformed(String),
}

/// One step of an upload.
pub(super) enum Piece {
    /// A document begins.
    Begin,
    /// Some of its bytes.
    Bytes(Bytes),
    /// It is complete.
    End,
    /// All documents are complete.
    Done,
}

pub(super) type Sender = mpsc::Sender<Result<Piece, UploadFault>>;

/// The use case's end of the channel.
pub(super) struct Incoming(mpsc::Receiver<Result<Piece, UploadFault>>);

/// One document.
pub(super) struct Content<'a> {
    incoming: &'a mut Incoming,
    piece: Bytes,
    ended: bool,
}

/// Both ends of a new channel.
pub(super) fn channel() -> (Sender, Incoming) {
    let (sender, receiver) = mpsc::channel(PIECES);
    (sender, Incoming(receiver))
}

impl Incoming {
    /// The next document; `None` when all came. The one before must have been read to its end.
    pub(super) fn next(&mut self) -> io::Result<Option<Content<'_>>> {
        match self.step()? {
            Piece::Begin => Ok(Some(Content {
                incoming: self,
                piece: Bytes::new(),
                ended: false,
            })),
            Piece::Done => Ok(None),
            Piece::Bytes(_) | Piece::End => Err(io::Error::other("a document was not read whole")),
        }
    }

    fn step(&mut self) -> io::Result<Piece> {
        match self.0.blocking_recv() {
            Some(Ok(piece)) => Ok(piece),
            Some(Err(fault)) => Err(io::Error::other(fault)),
            // The sender is gone without a word: so is the client.
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            match self.incoming.step()? {
                Piece::Bytes(piece) => self.piece = piece,
                Piece::End => self.ended = true,
                Piece::Begin | Piece::Done => {
                    return Err(io::Error::other("a document begins within another"));
                }
            }
        }
        let length = self.piece.len().min(buffer.len());
        let piece = self.piece.split_to(length);
        if let Some(place) = buffer.get_mut(..length) {
            place.copy_from_slice(&piece);
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(pieces: Vec<Result<Piece, UploadFault>>) -> Incoming {
        let (sender, receiver) = mpsc::channel(pieces.len().max(1));
        for piece in pieces {
            assert!(sender.try_send(piece).is_ok());
        }
        Incoming(receiver)
    }

    #[test]
    fn documents_come_out_as_they_went_in() {
        let bytes = |text: &'static str| Ok(Piece::Bytes(Bytes::from_static(text.as_bytes())));
        let mut incoming = incoming(vec![
            Ok(Piece::Begin),
            bytes("one "),
            bytes(""),
            bytes("document"),
            Ok(Piece::End),
            Ok(Piece::Begin),
            Ok(Piece::End),
            Ok(Piece::Done),
        ]);
        let mut read = Vec::new();
        while let Some(mut content) = incoming.next().unwrap() {
            let mut text = String::new();
            content.read_to_string(&mut text).unwrap();
            read.push(text);
        }
        assert_eq!(read, ["one document", ""]);
    }

    #[test]
    fn a_client_that_goes_away_is_no_end_of_a_document() {
        let mut incoming = incoming(vec![
            Ok(Piece::Begin),
            Ok(Piece::Bytes(Bytes::from_static(b"half"))),
        ]);
        let mut content = incoming.next().unwrap().unwrap();
        let error = content.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_fault_keeps_its_cause() {
        let mut incoming = incoming(vec![Ok(Piece::Begin), Err(UploadFault::TooSlow)]);
        let mut content = incoming.next().unwrap().unwrap();
        let error = content.read_to_end(&mut Vec::new()).unwrap_err();
        let fault = error.get_ref().and_then(|cause| cause.downcast_ref());
        assert!(matches!(fault, Some(UploadFault::TooSlow)));
    }
}
