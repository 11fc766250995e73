//! The page tree (ISO 32000-1 section 7.7.3): the first page, and a bounded look at the rest.

use std::collections::HashSet;

use super::document::Document;
use super::error::PdfError;
use super::fault::Fault;
use super::limits::{self, Limit, too_complex};
use super::object::{Dictionary, Object, Reference};
use super::reader::inconsistent;

/// How many nodes are looked at in search of loops. Long documents are not walked to their end: signing needs their
/// first page only.
const NODES_CHECKED: usize = 256;
/// A node with more kids than this, all of them pages by its `/Count`, is believed.
const BELIEVED: usize = 32;
/// How many kids of one node are looked at.
const KIDS_VISITED: usize = 4096;

/// The pages of a document.
#[derive(Debug)]
pub(crate) struct Pages {
    /// The first page.
    pub(crate) first: Reference,
    /// Its dictionary.
    pub(crate) page: Dictionary,
    /// How many pages there are by the root's `/Count`.
    pub(crate) count: Option<u32>,
}

struct Node {
    reference: Reference,
    depth: usize,
}

impl Pages {
    /// Finds the first page.
    pub(crate) fn read(document: &mut Document<'_>) -> Result<Self, PdfError> {
        let root = document
            .catalog()
            .1
            .get("Pages")
            .and_then(Object::as_reference)
            .ok_or_else(|| inconsistent(Fault::PageTree("Pages")))?;
        let mut count = None;
        let mut first = None;
        let mut seen = HashSet::new();
        let mut stack = vec![Node {
            reference: root,
            depth: 0,
        }];
        while let Some(Node { reference, depth }) = stack.pop() {
            if first.is_some() && seen.len() >= NODES_CHECKED {
                break;
            }
            if !seen.insert(reference) {
                return Err(inconsistent(Fault::PageLoop(reference)));
            }
            if depth > limits::TREE_DEPTH {
                return Err(too_complex(Limit::TreeDepth));
            }
            let node = document
                .object(reference)?
                .into_dictionary()
                .ok_or_else(|| inconsistent(Fault::PageTree("Kids")))?;
            if !is_tree_node(document, &node)? {
                first.get_or_insert((reference, node));
                continue;
            }
            let kids = document.value(&node, "Kids")?;
            let kids = kids
                .as_array()
                .ok_or_else(|| inconsistent(Fault::PageTree("Kids")))?;
            let pages = document
                .value(&node, "Count")?
                .as_integer()
                .and_then(|count| u32::try_from(count).ok());
            if reference == root {
                count = pages;
            }
            let believed = kids.len() > BELIEVED
                && pages.and_then(|n| usize::try_from(n).ok()) == Some(kids.len());
            // The first page is looked for in any case.
            let visited = if believed && first.is_some() {
                0
            } else if believed {
                1
            } else {
                kids.len().min(KIDS_VISITED)
            };
            for kid in kids.iter().take(visited).rev() {
                let reference = kid
                    .as_reference()
                    .ok_or_else(|| inconsistent(Fault::PageTree("Kids")))?;
                stack.push(Node {
                    reference,
                    depth: depth + 1,
                });
            }
        }
        let (first, page) = first.ok_or_else(|| inconsistent(Fault::NoPage))?;
        Ok(Self { first, page, count })
    }
}

/// A node by its `/Type`, or by its `/Kids` when it has none.
fn is_tree_node(document: &mut Document<'_>, node: &Dictionary) -> Result<bool, PdfError> {
    match document.value(node, "Type")? {
        Object::Name(name) if name.is("Pages") => Ok(true),
        Object::Name(name) if name.is("Page") => Ok(false),
        Object::Null => Ok(node.get("Kids").is_some()),
        _ => Err(inconsistent(Fault::PageTree("Type"))),
    }
}
