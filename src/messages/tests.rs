//! Compares the catalogues with one another and with the code and the pages that use them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use syn::visit::Visit;

use super::*;

/// Messages whose name is put together at run time, by what begins it. Each is covered by a test of its own.
const COMPOSED: &[&str] = &["problem-"];

#[test]
fn every_catalogue_parses_without_a_complaint() {
    for &language in Language::ALL {
        let parsed = FluentResource::try_new(source(language));
        assert!(
            parsed.is_ok(),
            "{language}: {:?}",
            parsed.err().map(|e| e.1)
        );
    }
}

#[test]
fn no_catalogue_lacks_a_message_or_has_one_of_its_own() {
    let spanish: BTreeSet<_> = messages(Language::Spanish).into_keys().collect();
    for &language in Language::ALL {
        let own: BTreeSet<_> = messages(language).into_keys().collect();
        let missing: Vec<_> = spanish.difference(&own).collect();
        let extra: Vec<_> = own.difference(&spanish).collect();
        assert!(
            missing.is_empty() && extra.is_empty(),
            "{language}: missing {missing:?}, extra {extra:?}"
        );
    }
}

#[test]
fn a_message_names_the_same_values_in_every_language() {
    let spanish = messages(Language::Spanish);
    for &language in Language::ALL {
        for (id, values) in messages(language) {
            assert_eq!(Some(&values), spanish.get(&id), "{language}: {id}");
        }
    }
}

#[test]
fn no_two_languages_share_a_sentence_by_oversight() {
    // Catalan and Valencian agree in many; a whole sentence of another pair that agrees was not translated.
    for &one in Language::ALL {
        for &other in Language::ALL {
            let related = [one, other]
                .iter()
                .all(|l| [Language::Catalan, Language::Valencian].contains(l));
            if one == other || related {
                continue;
            }
            let others = lines(other);
            for (id, line) in lines(one) {
                let words = line
                    .split_whitespace()
                    .filter(|word| word.chars().all(char::is_alphabetic));
                let is_sentence = words.count() > 5;
                assert!(
                    !(is_sentence && others.get(&id) == Some(&line)),
                    "{one} and {other}: {id} = {line}"
                );
            }
        }
    }
}

#[test]
fn every_message_that_is_used_exists_and_every_message_is_used() {
    let known: BTreeSet<_> = messages(Language::Spanish).into_keys().collect();
    let mut mentioned = BTreeSet::new();
    let mut demanded = BTreeSet::new();
    for path in files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let content = fs::read_to_string(&path).unwrap();
        match path.extension().and_then(|e| e.to_str()) {
            Some("html") => {
                for id in ids_in_template(&content) {
                    demanded.insert((id.clone(), path.clone()));
                    mentioned.insert(id);
                }
            }
            Some("rs") => {
                let mut literals = Literals::default();
                literals.visit_file(&syn::parse_file(&content).unwrap());
                mentioned.extend(literals.all);
                demanded.extend(literals.demanded.into_iter().map(|id| (id, path.clone())));
            }
            _ => {}
        }
    }
    for (id, path) in &demanded {
        assert!(known.contains(id), "{} asks for {id}", path.display());
    }
    let unused: Vec<_> = known
        .iter()
        .filter(|id| {
            !mentioned.contains(*id) && !COMPOSED.iter().any(|start| id.starts_with(start))
        })
        .collect();
    assert!(unused.is_empty(), "nobody uses {unused:?}");
}

#[test]
fn a_missing_message_is_no_panic() {
    assert_eq!(
        text(Language::Basque, "no-such-message", &[]),
        "no-such-message"
    );
    assert!(!exists(Language::Basque, "no-such-message"));
}

#[test]
fn values_are_put_in_without_invisible_marks() {
    let text = text(
        Language::English,
        "moment-time",
        &[("time", Arg::Text("12:00"))],
    );
    assert!(text.is_ascii(), "{text:?}");
}

fn source(language: Language) -> String {
    let path = format!("{}/src/messages/{language}.ftl", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path).unwrap()
}

/// Each message's id with the values it names.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let source = source(language);
    let resource = fluent_syntax::parser::parse(source.as_str()).unwrap();
    let mut messages = BTreeMap::new();
    for entry in &resource.body {
        if let Entry::Message(message) = entry {
            let mut values = BTreeSet::new();
            values_of(message.value.as_ref().unwrap(), &mut values);
            let repeated = messages.insert(message.id.name.to_owned(), values);
            assert!(repeated.is_none(), "{language}: {} twice", message.id.name);
        }
    }
    messages
}

fn values_of(pattern: &Pattern<&str>, values: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else {
            continue;
        };
        let inline = match expression {
            Expression::Inline(inline) => inline,
            Expression::Select { selector, variants } => {
                for variant in variants {
                    values_of(&variant.value, values);
                }
                selector
            }
        };
        if let InlineExpression::VariableReference { id } = inline {
            values.insert(id.name.to_owned());
        }
    }
}

/// Each message's one-line text as written.
fn lines(language: Language) -> BTreeMap<String, String> {
    source(language)
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(id, text)| (id.to_owned(), text.to_owned()))
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_stem().is_none_or(|stem| stem != "tests") {
            found.push(path);
        }
    }
    found
}

/// What a template asks for: the literal after each `.t("` or `.tv("`.
fn ids_in_template(content: &str) -> Vec<String> {
    [".t(\"", ".tv(\""]
        .iter()
        .flat_map(|call| content.split(call).skip(1))
        .filter_map(|rest| rest.split_once('"'))
        .map(|(id, _)| id.to_owned())
        .collect()
}

/// String literals of a source file: all, and those handed to [`text`] or to a page's `t` and `tv`.
#[derive(Default)]
struct Literals {
    all: BTreeSet<String>,
    demanded: BTreeSet<String>,
}

impl Literals {
    fn demand<'a>(&mut self, args: impl IntoIterator<Item = &'a syn::Expr>) {
        for arg in args {
            if let syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(literal),
                ..
            }) = arg
            {
                self.demanded.insert(literal.value());
            }
        }
    }
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = call.func.as_ref() {
            let segments: Vec<_> = path
                .path
                .segments
                .iter()
                .map(|s| s.ident.to_string())
                .collect();
            let names: Vec<_> = segments.iter().map(String::as_str).collect();
            if matches!(names.as_slice(), ["text"] | [.., "messages", "text"]) {
                self.demand(call.args.iter().skip(1).take(1));
            }
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "t" || call.method == "tv" {
            self.demand(call.args.iter().take(1));
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        // What a macro is given is tokens, not expressions.
        let tokens = called.tokens.to_string();
        let literals = tokens.split('"').skip(1).step_by(2).map(str::to_owned);
        self.all.extend(literals);
        self.demanded
            .extend(ids_in_template(&tokens.replace(' ', "")));
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.all.insert(literal.value());
    }
}
