//! `multipart/form-data` (RFC 7578) with the metadata first and then the documents, read as it arrives.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::error::PayloadError;
use actix_web::http::header::HeaderMap;
use actix_web::web;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use super::body::{ENDED_EARLY, bounded};
use super::upload::{Piece, Sender, UploadFault};
use crate::domain::text::sentence;
use crate::http::error::Code;
use crate::http::pace::Pace;
use crate::http::problem::Problem;

/// The part with the metadata, which comes first.
const METADATA: &str = "request";
/// Each part with a document.
const DOCUMENT: &str = "document";

/// A multipart body that is being read.
pub(super) struct Parts {
    inner: Multipart,
    limit: u64,
    pace: Pace,
}

impl Parts {
    /// Of a body with at most `limit` bytes, which come at that pace at least.
    pub(super) fn new(headers: &HeaderMap, payload: web::Payload, limit: u64, pace: Pace) -> Self {
        Self {
            inner: Multipart::new(headers, bounded(payload, limit)),
            limit,
            pace,
        }
    }

    /// The first part, which must be the metadata and have `most` bytes at most.
    pub(super) async fn metadata(&mut self, most: u64) -> Result<Bytes, Problem> {
        let first = || {
            Problem::new(Code::MalformedMultipart).with_detail(format!(
                "The first part must be `{METADATA}` and hold the metadata as JSON."
            ))
        };
        let mut part = match self.next().await {
            Ok(Some(part)) if part.name() == Some(METADATA) => part,
            Ok(_) => return Err(first()),
            Err(fault) => return Err(fault.into()),
        };
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let mut text = BytesMut::new();
        while let Some(bytes) = self.piece(&mut part).await? {
            if text.len().saturating_add(bytes.len()) > limit {
                return Err(Problem::new(Code::PayloadTooLarge).with_detail(format!(
                    "The part `{METADATA}` may have {most} bytes at most; documents are parts of their own."
                )));
            }
            text.extend_from_slice(&bytes);
        }
        Ok(text.freeze())
    }

    /// Hands all documents over, until the last one, a fault, or nobody takes them any more.
    pub(super) async fn hand_over(mut self, sender: Sender) {
        loop {
            let last = match self.next().await {
                Ok(Some(part)) => self.document(part, &sender).await,
                Ok(None) => {
                    let _ = sender.send(Ok(Piece::Done)).await;
                    return;
                }
                Err(fault) => Err(fault),
            };
            match last {
                Ok(Going::On) => {}
                Ok(Going::NoFurther) => return,
                Err(fault) => {
                    let _ = sender.send(Err(fault)).await;
                    return;
                }
            }
        }
    }

    async fn document(&mut self, mut part: Field, sender: &Sender) -> Result<Going, UploadFault> {
        if part.name() != Some(DOCUMENT) {
            return Err(UploadFault::Malformed(format!(
                "After `{METADATA}`, every part must be called `{DOCUMENT}`, in the order of `documents`."
            )));
        }
        if sender.send(Ok(Piece::Begin)).await.is_err() {
            return Ok(Going::NoFurther);
        }
        loop {
            let piece = self.piece(&mut part).await?;
            let ended = piece.is_none();
            let piece = piece.map_or(Piece::End, Piece::Bytes);
            if sender.send(Ok(piece)).await.is_err() {
                return Ok(Going::NoFurther);
            }
            if ended {
                return Ok(Going::On);
            }
        }
    }

    /// Some more bytes of a part; `None` at its end.
    async fn piece(&mut self, part: &mut Field) -> Result<Option<Bytes>, UploadFault> {
        match self.pace.wait(part.next()).await {
            Err(_elapsed) => Err(UploadFault::TooSlow),
            Ok(None) => Ok(None),
            Ok(Some(Ok(bytes))) => {
                self.pace.received(bytes.len());
                Ok(Some(bytes))
            }
            Ok(Some(Err(error))) => Err(self.fault(&error)),
        }
    }

    async fn next(&mut self) -> Result<Option<Field>, UploadFault> {
        match self.pace.wait(self.inner.next()).await {
            Err(_elapsed) => Err(UploadFault::TooSlow),
            Ok(None) => Ok(None),
            Ok(Some(Ok(part))) => Ok(Some(part)),
            Ok(Some(Err(error))) => Err(self.fault(&error)),
        }
    }

    fn fault(&self, error: &MultipartError) -> UploadFault {
        match error {
            MultipartError::Payload(PayloadError::Overflow) => {
                UploadFault::TooLarge { limit: self.limit }
            }
            MultipartError::Payload(_) => UploadFault::Malformed(ENDED_EARLY.to_owned()),
            other => UploadFault::Malformed(sentence(other)),
        }
    }
}

/// Whether there is somebody to take the next piece.
enum Going {
    On,
    NoFurther,
}
