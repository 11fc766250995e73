//! Schemas of the named values, listed from the types themselves so that the two cannot differ.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::algorithm::{DigestAlgorithm, Padding};
use crate::domain::document::{Format, Packaging};
use crate::domain::language::Language;
use crate::domain::request::{
    Commitment, DocumentReason, DocumentState, RequestReason, RequestState,
};
use crate::http::error::Code;

macro_rules! named_schema {
    ($($name:ident: $description:literal),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let names = $name::ALL.iter().map(|value| value.as_str());
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($description))
                    .enum_values(Some(names))
                    .into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )+};
}

named_schema! {
    Code: "The stable name of a kind of problem, for programs to decide by.",
    Commitment: "What a signature commits to (EN 319 122-1 clause 5.2.3).",
    DigestAlgorithm: "A digest algorithm.",
    DocumentReason: "Why a document cannot be, or was not, signed.",
    DocumentState: "Where a document stands.",
    Format: "A signature format, at baseline level B-B.",
    Language: "A language of pages and messages; `va` is Valencian.",
    Packaging: "Where a CAdES signature keeps the document: inside (`.p7m`) or apart (`.p7s`).",
    Padding: "How a digest becomes a signature value.",
    RequestReason: "Why a signature request is in its state, when the state alone does not say it. With `pending`: what \
kept the signer from signing at the last try, which is not the signer's doing.",
    RequestState: "Where a signature request stands. The last five are final.",
}
