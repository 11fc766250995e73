//! The blocks of code in a text for people, each of which has to be taken.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;

/// The blocks that were not taken yet.
pub(super) struct Blocks {
    file: &'static str,
    left: VecDeque<Block>,
}

struct Block {
    language: String,
    text: String,
}

impl Blocks {
    /// All blocks of one of the project's files.
    pub(super) fn of(file: &'static str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = fs::read_to_string(path).unwrap();
        let mut left = VecDeque::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(language) = line.trim_start().strip_prefix("```") {
                let inside: Vec<_> = lines
                    .by_ref()
                    .take_while(|line| !line.trim_start().starts_with("```"))
                    .collect();
                left.push_back(Block {
                    language: language.to_owned(),
                    text: inside.join("\n"),
                });
            }
        }
        Self { file, left }
    }

    /// The next block of commands; it has to begin with these words.
    #[track_caller]
    pub(super) fn commands(&mut self, beginning: &str) -> String {
        self.next("sh", beginning)
    }

    /// The next block, a picture.
    #[track_caller]
    pub(super) fn picture(&mut self, beginning: &str) {
        self.next("", beginning);
    }

    /// Nothing may be left.
    #[track_caller]
    pub(super) fn end(self) {
        let left = self.left.front();
        assert!(
            left.is_none(),
            "nobody runs this block of {}:\n{}",
            self.file,
            left.map_or("", |block| &block.text)
        );
    }

    #[track_caller]
    fn next(&mut self, language: &str, beginning: &str) -> String {
        let block = self.left.pop_front();
        let Some(block) = block else {
            panic!("{} has no block {beginning:?}", self.file);
        };
        assert!(
            block.language == language && block.text.starts_with(beginning),
            "{}: {beginning:?} comes next, and not\n{}",
            self.file,
            block.text
        );
        block.text
    }
}
