//! The style sheet and the icon: built in, and named by their content so that browsers may keep them for good.

use std::sync::LazyLock;

use actix_web::http::header::{CacheControl, CacheDirective};
use actix_web::{HttpResponse, web};

use crate::domain::algorithm::{Digest, DigestAlgorithm};
use crate::http::Problem;
use crate::http::error::Code;

/// A year, the longest that caches care about.
const LIFE: u32 = 31_536_000;

/// Where the style sheet is.
pub(super) fn stylesheet_path() -> &'static str {
    &STYLESHEET.path
}

/// Where the icon is.
pub(super) fn icon_path() -> &'static str {
    &ICON.path
}

/// `GET /static/{file}`.
pub(super) async fn file(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let asset = [&STYLESHEET, &ICON]
        .into_iter()
        .find(|asset| asset.path.strip_prefix(FOLDER) == Some(name.as_str()))
        .ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(HttpResponse::Ok()
        .content_type(asset.media_type)
        .insert_header(CacheControl(vec![
            CacheDirective::Public,
            CacheDirective::MaxAge(LIFE),
            CacheDirective::Extension("immutable".to_owned(), None),
        ]))
        .body(asset.content))
}

const FOLDER: &str = "/static/";

/// One built-in file.
struct Asset {
    path: String,
    media_type: &'static str,
    content: &'static str,
}

static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "style",
        "css",
        "text/css; charset=utf-8",
        concat!(include_str!("../palette.css"), include_str!("style.css")),
    )
});
static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("icon.svg")));

impl Asset {
    fn new(stem: &str, ending: &str, media_type: &'static str, content: &'static str) -> Self {
        let digest = Digest::of(DigestAlgorithm::Sha256, content.as_bytes());
        let hash: String = hex::encode(digest.bytes()).chars().take(16).collect();
        Self {
            path: format!("{FOLDER}{stem}-{hash}.{ending}"),
            media_type,
            content,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn style_sheets_take_their_colours_from_the_palette_and_name_none_themselves() {
        let palette = include_str!("../palette.css");
        let mut used = BTreeSet::new();
        for sheet in [
            include_str!("style.css"),
            include_str!("../api/docs/style.css"),
        ] {
            for part in sheet.split("var(").skip(1) {
                used.insert(part.split_once(')').unwrap().0);
            }
            // On paper, everything is black on white.
            let (on_screen, _) = sheet.split_once("@media print").unwrap();
            let own = on_screen.lines().find(|line| {
                let mut values = line.split([':', ' ']);
                values.any(|value| value.starts_with('#') && value.ends_with(';'))
            });
            assert_eq!(own, None);
        }
        let defined: BTreeSet<_> = palette
            .lines()
            .filter_map(|line| line.trim().split_once(": "))
            .map(|(name, _)| name)
            .filter(|name| name.starts_with("--"))
            .collect();
        assert_eq!(used, defined);
    }
}
