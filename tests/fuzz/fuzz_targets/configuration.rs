//! Configuration files: any text is taken or answered with its faults.
//!
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz configuration`

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rubrica::config;
use tempfile::NamedTempFile;

static FILE: LazyLock<NamedTempFile> = LazyLock::new(|| NamedTempFile::new().unwrap());

fuzz_target!(|text: &[u8]| {
    std::fs::write(FILE.path(), text).unwrap();
    if let Err(problems) = config::load(Some(FILE.path())) {
        assert!(!problems.to_string().is_empty());
    }
    let _ = config::database(Some(FILE.path()));
});
