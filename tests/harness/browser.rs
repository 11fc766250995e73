//! A citizen's browser without scripts: it keeps cookies, follows redirects, fills in the forms it is shown, and
//! looks at every answer for what must be on each.

use rubrica::domain::identifier::NationalId;
use scraper::{Html, Selector};

use super::client::{Answer, Client};

/// A browser of its own, with its own cookies.
pub(crate) struct Browser {
    client: Client,
}

/// A page as it arrived.
pub(crate) struct Seen {
    /// Where the browser ended up, with the query.
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) answer: Answer,
    /// Empty for what is no page.
    pub(crate) html: String,
}

impl Browser {
    /// On top of a caller of the citizens' listener that nobody else uses.
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The same browser, and cookies, with another header.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        Self::new(self.client.with(name, value))
    }

    /// Opens an address, and what it leads to.
    #[track_caller]
    pub(crate) fn open(&self, path: &str) -> Seen {
        let answer = self.client.get(path);
        self.follow(path, answer)
    }

    /// Fills in the form of a page that goes to `action`, leaving the other fields as they are, and sends it.
    #[track_caller]
    pub(crate) fn send(&self, page: &Seen, action: &str, values: &[(&str, &str)]) -> Seen {
        let answer = self.send_only(page, action, values);
        self.follow(action, answer)
    }

    /// The same without following where the answer leads.
    #[track_caller]
    pub(crate) fn send_only(&self, page: &Seen, action: &str, values: &[(&str, &str)]) -> Answer {
        let mut fields = page.fields(action);
        for (name, value) in values {
            let field = fields.iter_mut().find(|(own, _)| own == name);
            let (_, kept) = field.unwrap_or_else(|| panic!("the form has no field {name}"));
            (*value).clone_into(kept);
        }
        self.post(action, &fields)
    }

    /// All its cookies, as one header carries them.
    pub(crate) fn cookies(&self) -> String {
        self.client.cookies()
    }

    /// Sends any form to any address, as an attacker's page would.
    pub(crate) fn post(&self, path: &str, fields: &[(String, String)]) -> Answer {
        let body: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let answer = self
            .client
            .post(path, "application/x-www-form-urlencoded", body);
        look_at(&answer);
        answer
    }

    #[track_caller]
    fn follow(&self, path: &str, mut answer: Answer) -> Seen {
        let mut path = path.to_owned();
        for _ in 0..5 {
            look_at(&answer);
            if answer.status != 303 {
                let is_page = answer.header("content-type").starts_with("text/html");
                let html = if is_page {
                    String::from_utf8(answer.body.clone()).unwrap()
                } else {
                    String::new()
                };
                for address in addresses(&html) {
                    name_nobody(&address);
                }
                return Seen {
                    path,
                    status: answer.status,
                    answer,
                    html,
                };
            }
            answer.header("location").clone_into(&mut path);
            answer = self.client.get(&path);
        }
        panic!("too many redirects, the last one to {path}");
    }
}

impl Seen {
    /// The page's heading.
    pub(crate) fn heading(&self) -> String {
        self.text("main h1")
    }

    /// The page's title.
    pub(crate) fn title(&self) -> String {
        self.text("title")
    }

    /// All words of the first element that a selector finds; empty when there is none.
    pub(crate) fn text(&self, selector: &str) -> String {
        let html = Html::parse_document(&self.html);
        let found = html.select(&Selector::parse(selector).unwrap()).next();
        let words = found.map(|element| element.text().collect::<String>());
        words
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Where the links lead whose words contain these.
    pub(crate) fn links(&self, words: &str) -> Vec<String> {
        let html = Html::parse_document(&self.html);
        html.select(&Selector::parse("a[href]").unwrap())
            .filter(|link| link.text().collect::<String>().contains(words))
            .filter_map(|link| link.attr("href").map(str::to_owned))
            .collect()
    }

    /// The fields that are marked as wrong.
    pub(crate) fn wrong_fields(&self) -> Vec<String> {
        let html = Html::parse_document(&self.html);
        let marked = Selector::parse("input[aria-invalid=true]").unwrap();
        html.select(&marked)
            .filter_map(|input| input.attr("id").map(str::to_owned))
            .collect()
    }

    /// Whether any link leads there.
    pub(crate) fn leads_to(&self, address: &str) -> bool {
        self.links("").iter().any(|link| link == address)
    }

    /// The fields of the form that goes to `action`.
    #[track_caller]
    pub(crate) fn fields(&self, action: &str) -> Vec<(String, String)> {
        let html = Html::parse_document(&self.html);
        let form = html
            .select(&Selector::parse("form").unwrap())
            .find(|form| form.attr("action") == Some(action))
            .unwrap_or_else(|| panic!("{} has no form to {action}: {}", self.path, self.html));
        form.select(&Selector::parse("input").unwrap())
            .map(|input| {
                let attribute = |name| input.attr(name).unwrap_or_default().to_owned();
                (attribute("name"), attribute("value"))
            })
            .collect()
    }
}

/// Every address on a page.
fn addresses(html: &str) -> Vec<String> {
    let html = Html::parse_document(html);
    let places = Selector::parse("[href], [action], [formaction], [src]").unwrap();
    html.select(&places)
        .flat_map(|element| element.value().attrs())
        .filter(|(name, _)| ["href", "action", "formaction", "src"].contains(name))
        .map(|(_, address)| address.to_owned())
        .collect()
}

/// Addresses stand in histories and logs, so no DNI or NIE may stand in them.
#[track_caller]
fn name_nobody(address: &str) {
    let mut words = address.split(|c: char| !c.is_ascii_alphanumeric());
    let named = words.find(|word| word.parse::<NationalId>().is_ok());
    assert_eq!(named, None, "{address}");
}

/// What must be on every answer of this listener.
#[track_caller]
fn look_at(answer: &Answer) {
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(
        !policy.contains("script-src") && !policy.contains("unsafe-eval"),
        "{policy}"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert!(
        answer
            .header("strict-transport-security")
            .starts_with("max-age=")
    );
    let kept = answer.header("cache-control");
    assert!(kept == "no-store" || kept.contains("immutable"), "{kept}");
    if let Some(location) = answer.headers.get("location") {
        name_nobody(location.to_str().unwrap());
    }
    for cookie in answer.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.starts_with("__Host-rubrica-"), "{cookie}");
        for flag in ["; HttpOnly", "; Secure", "; Path=/", "; SameSite="] {
            assert!(cookie.contains(flag), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        let is_ours_alone = ["__Host-rubrica-step-", "__Host-rubrica-request="]
            .iter()
            .any(|start| cookie.starts_with(start));
        let is_strict = cookie.contains("; SameSite=Strict");
        assert_eq!(is_strict, is_ours_alone, "{cookie}");
    }
}
