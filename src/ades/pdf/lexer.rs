//! Bytes to tokens (ISO 32000-1 section 7.2).
//!
//! Works on a window of the file. A token that touches the window's end may go on behind it, so the lexer says
//! [`SyntaxError::Short`] and the caller comes back with a larger window; at the end of the file it is final.

use super::fault::Fault;
use super::limits::Limit;
use super::object::{Name, PdfString, StringForm};

/// Why no token or object came out.
#[derive(Debug)]
pub(crate) enum SyntaxError {
    /// The window ends too early; try a larger one.
    Short,
    /// The bytes are wrong.
    Fault { fault: Fault, at: u64 },
    /// The bytes are out of proportion.
    TooComplex(Limit),
}

/// What the end of the bytes means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Nothing follows.
    OfFile,
    /// More of the file follows.
    OfWindow,
}

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Integer(i64),
    Real(Box<[u8]>),
    String(PdfString),
    Name(Name),
    ArrayOpen,
    ArrayClose,
    DictionaryOpen,
    DictionaryClose,
    /// Any other run of regular characters: `obj`, `R`, `true`, `stream`, …
    Keyword(Box<[u8]>),
    /// The end of the file.
    End,
}

/// Reads tokens one after another. A copy goes on from the same place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lexer<'b> {
    bytes: &'b [u8],
    at: usize,
    base: u64,
    end: End,
}

impl<'b> Lexer<'b> {
    /// Reads `bytes`, which stand at `base` in the file.
    pub(crate) fn new(bytes: &'b [u8], base: u64, end: End) -> Self {
        Self {
            bytes,
            at: 0,
            base,
            end,
        }
    }

    /// Where the next byte stands in the file.
    pub(crate) fn position(&self) -> u64 {
        self.base
            .saturating_add(u64::try_from(self.at).unwrap_or(u64::MAX))
    }

    /// The next byte, not consumed; `None` only at the end of the file.
    pub(crate) fn peek(&self) -> Result<Option<u8>, SyntaxError> {
        match (self.bytes.get(self.at), self.end) {
            (Some(byte), _) => Ok(Some(*byte)),
            (None, End::OfFile) => Ok(None),
            (None, End::OfWindow) => Err(SyntaxError::Short),
        }
    }

    /// Consumes the next byte.
    pub(crate) fn bump(&mut self) -> Result<Option<u8>, SyntaxError> {
        let byte = self.peek()?;
        if byte.is_some() {
            self.at += 1;
        }
        Ok(byte)
    }

    /// An error about what stands here.
    pub(crate) fn fault(&self, fault: Fault) -> SyntaxError {
        SyntaxError::Fault {
            fault,
            at: self.position(),
        }
    }

    /// Passes over white space and comments.
    pub(crate) fn skip_space(&mut self) -> Result<(), SyntaxError> {
        while let Some(byte) = self.peek()? {
            if byte == b'%' {
                while self.peek()?.is_some_and(|b| b != b'\r' && b != b'\n') {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                break;
            }
        }
        Ok(())
    }

    /// The next token.
    pub(crate) fn token(&mut self) -> Result<Token, SyntaxError> {
        self.skip_space()?;
        let Some(byte) = self.peek()? else {
            return Ok(Token::End);
        };
        match byte {
            b'/' => self.name(),
            b'(' => self.literal(),
            b'[' => Ok(self.single(Token::ArrayOpen)),
            b']' => Ok(self.single(Token::ArrayClose)),
            b'<' => {
                self.at += 1;
                if self.peek()? == Some(b'<') {
                    Ok(self.single(Token::DictionaryOpen))
                } else {
                    self.hexadecimal()
                }
            }
            b'>' => {
                self.at += 1;
                if self.peek()? == Some(b'>') {
                    Ok(self.single(Token::DictionaryClose))
                } else {
                    Err(self.fault(Fault::Syntax))
                }
            }
            b')' | b'{' | b'}' => Err(self.fault(Fault::Syntax)),
            _ => self.regular(),
        }
    }

    fn single(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn run(&mut self) -> Result<&'b [u8], SyntaxError> {
        let start = self.at;
        while self.peek()?.is_some_and(is_regular) {
            self.at += 1;
        }
        Ok(self.bytes.get(start..self.at).unwrap_or_default())
    }

    fn regular(&mut self) -> Result<Token, SyntaxError> {
        let here = *self;
        let run = self.run()?;
        let Some(first) = run.first() else {
            return Err(here.fault(Fault::Syntax));
        };
        if !(first.is_ascii_digit() || b"+-.".contains(first)) {
            return Ok(Token::Keyword(run.into()));
        }
        number(run).ok_or_else(|| here.fault(Fault::Syntax))
    }

    fn name(&mut self) -> Result<Token, SyntaxError> {
        self.at += 1;
        let raw = self.run()?;
        let mut bytes = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((first, tail)) = rest.split_first() {
            rest = tail;
            let escaped = match (first, tail) {
                (b'#', [high, low, ..]) => digit(*high).zip(digit(*low)),
                _ => None,
            };
            if let Some((high, low)) = escaped {
                bytes.push(high << 4 | low);
                rest = tail.get(2..).unwrap_or_default();
            } else {
                bytes.push(*first);
            }
        }
        Ok(Token::Name(Name(bytes.into())))
    }

    fn hexadecimal(&mut self) -> Result<Token, SyntaxError> {
        let mut bytes = Vec::new();
        let mut half = None;
        loop {
            let Some(byte) = self.bump()? else {
                return Err(self.fault(Fault::UnexpectedEnd));
            };
            if byte == b'>' {
                break;
            }
            if is_space(byte) {
                continue;
            }
            let Some(value) = digit(byte) else {
                return Err(self.fault(Fault::Syntax));
            };
            half = match half {
                None => Some(value),
                Some(high) => {
                    bytes.push(high << 4 | value);
                    None
                }
            };
        }
        // An odd last digit counts as if 0 followed (ISO 32000-1 section 7.3.4.3).
        bytes.extend(half.map(|high: u8| high << 4));
        Ok(Token::String(PdfString {
            bytes: bytes.into(),
            form: StringForm::Hexadecimal,
        }))
    }

    fn literal(&mut self) -> Result<Token, SyntaxError> {
        self.at += 1;
        let mut bytes = Vec::new();
        let mut open = 1_usize;
        loop {
            let Some(byte) = self.bump()? else {
                return Err(self.fault(Fault::UnexpectedEnd));
            };
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        break;
                    }
                }
                b'\\' => {
                    bytes.extend(self.escape()?);
                    continue;
                }
                b'\r' => {
                    self.line_feed()?;
                    bytes.push(b'\n');
                    continue;
                }
                _ => {}
            }
            bytes.push(byte);
        }
        Ok(Token::String(PdfString {
            bytes: bytes.into(),
            form: StringForm::Literal,
        }))
    }

    /// What follows a backslash (ISO 32000-1 table 3).
    fn escape(&mut self) -> Result<Option<u8>, SyntaxError> {
        let Some(byte) = self.bump()? else {
            return Err(self.fault(Fault::UnexpectedEnd));
        };
        Ok(match byte {
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'b' => Some(8),
            b'f' => Some(12),
            b'\n' => None,
            b'\r' => {
                self.line_feed()?;
                None
            }
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    match self.peek()? {
                        Some(next @ b'0'..=b'7') => {
                            value = value * 8 + u32::from(next - b'0');
                            self.at += 1;
                        }
                        _ => break,
                    }
                }
                // A high-order overflow is ignored.
                u8::try_from(value & 0xff).ok()
            }
            other => Some(other),
        })
    }

    fn line_feed(&mut self) -> Result<(), SyntaxError> {
        if self.peek()? == Some(b'\n') {
            self.at += 1;
        }
        Ok(())
    }
}

/// White space of ISO 32000-1 table 1.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !b"()<>[]{}/%".contains(&byte)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn number(run: &[u8]) -> Option<Token> {
    let unsigned = match run {
        [b'+' | b'-', rest @ ..] => rest,
        all => all,
    };
    let points = unsigned.split(|byte| *byte == b'.').count() - 1;
    let has_digit = unsigned.iter().any(u8::is_ascii_digit);
    let is_number = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    if !has_digit || points > 1 || !unsigned.iter().all(is_number) {
        return None;
    }
    let integer = (points == 0)
        .then(|| std::str::from_utf8(run).ok()?.parse().ok())
        .flatten();
    Some(match integer {
        Some(value) => Token::Integer(value),
        None => Token::Real(run.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &[u8]) -> Vec<Token> {
        let mut lexer = Lexer::new(text, 0, End::OfFile);
        let mut tokens = Vec::new();
        loop {
            match lexer.token().unwrap() {
                Token::End => return tokens,
                token => tokens.push(token),
            }
        }
    }

    fn string(text: &[u8]) -> Vec<u8> {
        match tokens(text).pop() {
            Some(Token::String(string)) => string.bytes.into(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tokens_need_no_space_between_them() {
        let all = tokens(b"true<41>null[/A(b)/]-1.%c\n+.5<</#42#zz 3>>R");
        assert_eq!(all.len(), 15);
        assert_eq!(all[0], Token::Keyword(b"true"[..].into()));
        assert_eq!(all[6], Token::Name(Name::new("")));
        assert_eq!(all[8], Token::Real(b"-1."[..].into()));
        assert_eq!(all[11], Token::Name(Name::new("B#zz")));
        assert_eq!(all[12], Token::Integer(3));
    }

    #[test]
    fn strings_follow_the_escapes_of_the_standard() {
        assert_eq!(
            string(b"(a\\(\\53\\0053(n\\)e\\\r\n)\r\nst)"),
            b"a(+\x053(n)e)\nst"
        );
        assert_eq!(string(b"<4 1\n4>"), b"A@");
    }

    #[test]
    fn a_window_that_ends_in_a_token_is_too_short() {
        for text in [&b"12"[..], b"(ab", b"<41", b"/Na", b"<", b"% c"] {
            let mut lexer = Lexer::new(text, 0, End::OfWindow);
            assert!(matches!(lexer.token(), Err(SyntaxError::Short)), "{text:?}");
        }
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        for text in [&b"1.2.3"[..], b"--1", b"1-", b"+", b".", b"1e5"] {
            let mut lexer = Lexer::new(text, 7, End::OfFile);
            assert!(
                matches!(
                    lexer.token(),
                    Err(SyntaxError::Fault {
                        fault: Fault::Syntax,
                        at: 7
                    })
                ),
                "{text:?}"
            );
        }
    }
}
