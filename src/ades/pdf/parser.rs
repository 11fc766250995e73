//! Tokens to objects (ISO 32000-1 section 7.3), with bounds on depth and number of values.

use std::collections::HashSet;

use super::fault::Fault;
use super::lexer::{Lexer, SyntaxError, Token};
use super::limits::{self, Limit};
use super::object::{Dictionary, Name, Object, Reference, Stream};

/// Reads one direct object.
pub(crate) fn value(lexer: &mut Lexer<'_>) -> Result<Object, SyntaxError> {
    let mut parser = Parser {
        lexer,
        values_left: limits::VALUES,
    };
    let token = parser.lexer.token()?;
    parser.object(token, 0)
}

/// Reads a dictionary and nothing else.
pub(crate) fn dictionary(lexer: &mut Lexer<'_>) -> Result<Dictionary, SyntaxError> {
    let here = *lexer;
    match value(lexer)? {
        Object::Dictionary(dictionary) => Ok(dictionary),
        _ => Err(here.fault(Fault::Syntax)),
    }
}

/// Checks that `n g obj` stands here, without reading the object.
pub(crate) fn check_header(lexer: &mut Lexer<'_>, expected: Reference) -> Result<(), SyntaxError> {
    let here = *lexer;
    match header(lexer) {
        Ok(Some(reference)) if reference == expected => Ok(()),
        Err(SyntaxError::Short) => Err(SyntaxError::Short),
        _ => Err(here.fault(Fault::WrongPlace(expected))),
    }
}

/// Reads `n g obj … endobj`, or up to the data of a stream (ISO 32000-1 section 7.3.10).
pub(crate) fn indirect(
    lexer: &mut Lexer<'_>,
    expected: Option<Reference>,
) -> Result<(Reference, Object), SyntaxError> {
    let here = *lexer;
    let misplaced = || match expected {
        Some(reference) => here.fault(Fault::WrongPlace(reference)),
        None => here.fault(Fault::NoXref),
    };
    let reference = match header(lexer) {
        Ok(Some(reference)) if expected.is_none_or(|e| e == reference) => reference,
        Err(SyntaxError::Short) => return Err(SyntaxError::Short),
        _ => return Err(misplaced()),
    };
    let mut parser = Parser {
        lexer,
        values_left: limits::VALUES,
    };
    let token = parser.lexer.token()?;
    if is_keyword(&token, "endobj") {
        return Ok((reference, Object::Null));
    }
    let object = parser.object(token, 0)?;
    let after = *lexer;
    match (lexer.token()?, object) {
        (token, object) if is_keyword(&token, "endobj") => Ok((reference, object)),
        (token, Object::Dictionary(dictionary)) if is_keyword(&token, "stream") => {
            let at = *lexer;
            match (lexer.bump()?, lexer.peek()?) {
                (Some(b'\n'), _) => {}
                (Some(b'\r'), Some(b'\n')) => {
                    lexer.bump()?;
                }
                _ => return Err(at.fault(Fault::Syntax)),
            }
            let data_at = lexer.position();
            Ok((
                reference,
                Object::Stream(Stream {
                    dictionary,
                    data_at,
                }),
            ))
        }
        _ => Err(after.fault(Fault::NotClosed(reference))),
    }
}

/// Whether a token is this keyword.
pub(crate) fn is_keyword(token: &Token, text: &str) -> bool {
    matches!(token, Token::Keyword(run) if **run == *text.as_bytes())
}

struct Parser<'l, 'b> {
    lexer: &'l mut Lexer<'b>,
    values_left: usize,
}

impl Parser<'_, '_> {
    fn object(&mut self, token: Token, depth: usize) -> Result<Object, SyntaxError> {
        self.values_left = self
            .values_left
            .checked_sub(1)
            .ok_or(SyntaxError::TooComplex(Limit::Values))?;
        if depth > limits::NESTING {
            return Err(SyntaxError::TooComplex(Limit::Nesting));
        }
        Ok(match token {
            Token::Integer(value) => match self.reference(value)? {
                Some(reference) => Object::Reference(reference),
                None => Object::Integer(value),
            },
            Token::Real(text) => Object::Real(text),
            Token::String(string) => Object::String(string),
            Token::Name(name) => Object::Name(name),
            Token::ArrayOpen => {
                let mut items = Vec::new();
                loop {
                    match self.lexer.token()? {
                        Token::ArrayClose => break,
                        token => items.push(self.object(token, depth + 1)?),
                    }
                }
                Object::Array(items)
            }
            Token::DictionaryOpen => Object::Dictionary(self.pairs(depth)?),
            Token::Keyword(run) => match &*run {
                b"true" => Object::Boolean(true),
                b"false" => Object::Boolean(false),
                b"null" => Object::Null,
                _ => return Err(self.lexer.fault(Fault::Syntax)),
            },
            Token::ArrayClose | Token::DictionaryClose => {
                return Err(self.lexer.fault(Fault::Syntax));
            }
            Token::End => return Err(self.lexer.fault(Fault::UnexpectedEnd)),
        })
    }

    fn pairs(&mut self, depth: usize) -> Result<Dictionary, SyntaxError> {
        let mut pairs: Vec<(Name, Object)> = Vec::new();
        let mut seen: HashSet<Name> = HashSet::new();
        loop {
            let name = match self.lexer.token()? {
                Token::DictionaryClose => return Ok(Dictionary::from_pairs(pairs)),
                Token::Name(name) => name,
                Token::End => return Err(self.lexer.fault(Fault::UnexpectedEnd)),
                _ => return Err(self.lexer.fault(Fault::Syntax)),
            };
            let token = self.lexer.token()?;
            let value = self.object(token, depth + 1)?;
            if seen.insert(name.clone()) {
                pairs.push((name, value));
            } else if !pairs.iter().any(|pair| pair.0 == name && pair.1 == value) {
                return Err(self.lexer.fault(Fault::DuplicateKey(name.to_text())));
            }
        }
    }

    /// `n g R`, when that is what follows an integer.
    fn reference(&mut self, number: i64) -> Result<Option<Reference>, SyntaxError> {
        let Ok(number) = u32::try_from(number) else {
            return Ok(None);
        };
        let mut ahead = *self.lexer;
        ahead.skip_space()?;
        if !ahead.peek()?.is_some_and(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        let Token::Integer(generation) = ahead.token()? else {
            return Ok(None);
        };
        ahead.skip_space()?;
        if ahead.peek()? != Some(b'R') || !is_keyword(&ahead.token()?, "R") {
            return Ok(None);
        }
        *self.lexer = ahead;
        match u16::try_from(generation) {
            Ok(generation) if number > 0 => Ok(Some(Reference { number, generation })),
            _ => Err(self.lexer.fault(Fault::Syntax)),
        }
    }
}

fn header(lexer: &mut Lexer<'_>) -> Result<Option<Reference>, SyntaxError> {
    let (number, generation, keyword) = (lexer.token()?, lexer.token()?, lexer.token()?);
    let (Token::Integer(number), Token::Integer(generation)) = (number, generation) else {
        return Ok(None);
    };
    let reference = u32::try_from(number)
        .ok()
        .zip(u16::try_from(generation).ok());
    Ok(reference
        .filter(|_| is_keyword(&keyword, "obj"))
        .map(|(number, generation)| Reference { number, generation }))
}

#[cfg(test)]
mod tests {
    use super::super::lexer::End;
    use super::*;

    fn parse(text: &str) -> Result<Object, SyntaxError> {
        value(&mut Lexer::new(text.as_bytes(), 0, End::OfFile))
    }

    #[test]
    fn integers_and_references_are_told_apart() {
        let object = parse("[1 2 3]").unwrap();
        assert_eq!(object.as_array().unwrap().len(), 3);
        let object = parse("[1 2 3 0 R 4 5 R6]").err();
        assert!(object.is_some());
        let object = parse("[1 2 3 0 R(x)4 5 R[6]]").unwrap();
        assert_eq!(object.as_array().unwrap().len(), 6);
    }

    #[test]
    fn a_dictionary_with_two_values_for_a_key_is_refused() {
        assert!(parse("<</A 1/A 1>>").is_ok());
        assert!(matches!(
            parse("<</A 1/A 2>>"),
            Err(SyntaxError::Fault {
                fault: Fault::DuplicateKey(_),
                ..
            })
        ));
    }

    #[test]
    fn nesting_and_number_of_values_are_bounded() {
        assert!(matches!(
            parse(&"[".repeat(1_000_000)),
            Err(SyntaxError::TooComplex(Limit::Nesting))
        ));
        assert!(matches!(
            parse(&format!("[{}]", "0 ".repeat(400_000))),
            Err(SyntaxError::TooComplex(Limit::Values))
        ));
    }

    #[test]
    fn writing_and_reading_again_gives_the_same_object() {
        let text = "<</A[1 -2. +.5 null true(a\\)b)<00FF>]/B<</C#20D 7 0 R>>/E/F>>";
        let object = parse(text).unwrap();
        let mut out = Vec::new();
        object.write(&mut out);
        let again = parse(std::str::from_utf8(&out).unwrap()).unwrap();
        assert_eq!(object, again);
    }
}
