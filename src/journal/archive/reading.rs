//! Reading archives, which may be anything: they were out of this program's hands.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{Archive, ArchiveError};
use crate::journal::report::{Fault, Stray, StrayReason};
use crate::journal::verify::Files;
use crate::journal::walk::Walk;
use crate::journal::{Anchor, AuditKey, JournalError, Sealed, checkpoint, encoding};
use crate::store::checkpoints::StoredCheckpoint;
use crate::store::journal::Record;

/// Longest line read. A row about a thousand documents has a megabyte.
const MOST_LINE: u64 = 64 * 1024 * 1024;

/// One line of an archive.
enum Line {
    Row(Record),
    Checkpoint(StoredCheckpoint),
    /// No line that this program writes.
    Strange,
}

struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    digest: Sha256,
}

impl Reader {
    fn open(path: &Path) -> Result<Self, JournalError> {
        match File::open(path) {
            Ok(file) => Ok(Self {
                path: path.to_owned(),
                file: BufReader::with_capacity(128 * 1024, file),
                digest: Sha256::new(),
            }),
            Err(source) => Err(ArchiveError::File {
                path: path.to_owned(),
                source,
            }
            .into()),
        }
    }

    fn next(&mut self) -> Result<Option<Line>, JournalError> {
        let mut bytes = Vec::new();
        let read = (&mut self.file)
            .take(MOST_LINE)
            .read_until(b'\n', &mut bytes);
        read.map_err(|source| ArchiveError::File {
            path: self.path.clone(),
            source,
        })?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.digest.update(&bytes);
        let text = bytes
            .strip_suffix(b"\n")
            .and_then(|line| str::from_utf8(line).ok());
        Ok(Some(text.and_then(understood).unwrap_or(Line::Strange)))
    }

    fn sha256(self) -> [u8; 32] {
        self.digest.finalize().into()
    }
}

fn understood(line: &str) -> Option<Line> {
    encoding::read_line(line)
        .map(Line::Row)
        .or_else(|| encoding::read_checkpoint_line(line).map(Line::Checkpoint))
}

/// SHA-256 of a file.
pub(super) fn digest_of(path: &Path) -> Result<[u8; 32], JournalError> {
    let mut reader = Reader::open(path)?;
    loop {
        let read = reader.file.fill_buf().map(|bytes| {
            reader.digest.update(bytes);
            bytes.len()
        });
        match read {
            Ok(0) => return Ok(reader.sha256()),
            Ok(read) => reader.file.consume(read),
            Err(source) => {
                return Err(ArchiveError::File {
                    path: path.to_owned(),
                    source,
                }
                .into());
            }
        }
    }
}

/// Walks through the file of an archive; `row` is told of each row. Gives what the last checkpoint in it tells of other
/// chains. Afterwards the walk must [resume](Walk::resume) at the end of the archive, wherever it came to.
pub(crate) fn pass_file(
    walk: &mut Walk,
    archive: &Archive,
    path: &Path,
    key: &AuditKey,
    row: &mut dyn FnMut(),
) -> Result<Vec<Anchor>, JournalError> {
    let mut reader = Reader::open(path)?;
    let mut ties = Vec::new();
    let mut strange = false;
    let mut ended = false;
    while let Some(line) = reader.next()? {
        ended = false;
        match line {
            Line::Row(record) => {
                walk.step(record);
                row();
            }
            Line::Checkpoint(stored) => {
                ended = stored.seq == archive.end.seq;
                let AuditKey::Known(key) = key else {
                    continue;
                };
                match checkpoint::opened(&stored, key) {
                    None => walk.find(stored.seq, Fault::NotSigned),
                    Some(signed) if walk.end().as_ref() != Some(&signed.end) => {
                        walk.find(stored.seq, Fault::Rewritten);
                    }
                    Some(signed) => {
                        walk.seal(Sealed {
                            seq: stored.seq,
                            at: signed.at,
                        });
                        ties = signed.ties;
                    }
                }
            }
            // The rest is of no use, and may be endless.
            Line::Strange => {
                strange = true;
                break;
            }
        }
    }
    if walk.place() < archive.end.seq && !strange {
        let until = archive.end.seq;
        walk.find(walk.place().saturating_add(1), Fault::Missing { until });
    }
    if strange || !ended || reader.sha256() != archive.sha256 {
        walk.find(
            archive.first,
            Fault::ArchiveAltered {
                until: archive.end.seq,
            },
        );
    }
    Ok(ties)
}

/// Which archive each file holds, as its first line tells, and the files that hold none. `known` tells with which rows the
/// archives of a chain begin.
pub(crate) fn sorted(
    paths: &[PathBuf],
    known: impl Fn(&str) -> Result<Vec<i64>, JournalError>,
) -> Result<(Files, Vec<Stray>), JournalError> {
    let mut files = Files::new();
    let mut strays = Vec::new();
    for path in paths {
        let reason = match Reader::open(path)?.next()? {
            Some(Line::Row(Record { node, seq, .. })) => {
                if !known(&node)?.contains(&seq) {
                    StrayReason::Unknown { node, first: seq }
                } else if files.contains_key(&(node.clone(), seq)) {
                    StrayReason::Twice { node, first: seq }
                } else {
                    files.insert((node, seq), path.clone());
                    continue;
                }
            }
            _ => StrayReason::NoRow,
        };
        strays.push(Stray {
            file: path.clone(),
            reason,
        });
    }
    Ok((files, strays))
}
