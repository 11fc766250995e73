//! Every page in every language, looked at as a browser and a screen reader would.

use std::collections::BTreeSet;
use std::fs;

use askama::Template;
use scraper::{ElementRef, Html, Selector};
use time::macros::datetime;

use super::about::{AboutPage, HelpPage};
use super::account::Act;
use super::account::pages::{DonePage as ActDonePage, FirstPage, HomePage};
use super::approval::pages::{
    DeclinePage, DocumentView, DonePage, RequestView, ReviewPage, SigningPage,
};
use super::approval::statements::{Statement, statements};
use super::code::{CodeDocument, CodePage, CodeRequest, last_access};
use super::fields::{FormView, Kind};
use super::obstacle::{Action, Obstacle, ObstaclePage};
use super::page::Page;
use super::wording;
use crate::domain::algorithm::DigestAlgorithm;
use crate::domain::language::Language;
use crate::domain::request::{
    Commitment, DocumentOptions, DocumentReason, DocumentState, PadesOptions, SignatureOptions,
    SignaturePolicy,
};
use crate::messages::{self, Arg, moment};
use crate::service::PasswordRule;

#[test]
fn every_page_says_its_language_and_what_it_is() {
    for sample in samples() {
        let html = sample.parsed();
        let root = one(&html, "html", &sample);
        assert_eq!(root.attr("lang"), Some(sample.language.bcp47()), "{sample}");
        let heading = one(&html, "main h1", &sample).text().collect::<String>();
        let title = one(&html, "title", &sample).text().collect::<String>();
        assert!(
            title.ends_with(&format!("{heading} – Rubrica")),
            "{sample}: {title}"
        );
        assert_eq!(
            html.select(&css("a.skip[href='#main']")).count(),
            1,
            "{sample}"
        );
        assert_eq!(html.select(&css("main#main")).count(), 1, "{sample}");
    }
}

#[test]
fn a_page_with_faults_says_so_first_and_leads_to_each() {
    for sample in samples() {
        let html = sample.parsed();
        let title = one(&html, "title", &sample).text().collect::<String>();
        let word = messages::text(sample.language, "page-error", &[]);
        let summary = html.select(&css(".summary-wrong")).next();
        assert_eq!(title.starts_with(&word), summary.is_some(), "{sample}");
        assert_eq!(
            summary.is_some(),
            sample.name.ends_with("fault"),
            "{sample}"
        );
        if let Some(summary) = summary {
            assert_eq!(summary.attr("role"), Some("alert"));
            assert!(summary.select(&css("a[href^='#']")).count() > 0, "{sample}");
        }
        let marked: Vec<_> = html.select(&css("[aria-invalid]")).collect();
        assert_eq!(!marked.is_empty(), summary.is_some(), "{sample}");
        for input in marked {
            let described = input.attr("aria-describedby").unwrap_or_default();
            assert!(described.contains("-error"), "{sample}");
            let field = ElementRef::wrap(input.parent().unwrap()).unwrap();
            assert!(
                field
                    .attr("class")
                    .unwrap_or_default()
                    .contains("field-wrong")
            );
        }
    }
}

#[test]
fn headings_leave_out_no_level() {
    for sample in samples() {
        let html = sample.parsed();
        let mut last = 1;
        for heading in html.select(&css("main h1, main h2, main h3, main h4")) {
            let level: u32 = heading.value().name()[1..].parse().unwrap();
            // What is wrong stands before the page's own heading, as the first thing to be read.
            let is_summary = heading.attr("id") == Some("errors-title");
            assert!(
                is_summary || level <= last + 1,
                "{sample}: h{level} after h{last}"
            );
            last = if is_summary { 1 } else { level };
        }
        assert_eq!(html.select(&css("h1")).count(), 1, "{sample}");
    }
}

#[test]
fn every_field_has_a_label_and_tells_the_browser_what_it_is() {
    for sample in samples() {
        let html = sample.parsed();
        for input in html.select(&css("input:not([type=hidden])")) {
            let id = input.attr("id").unwrap();
            let label = one(&html, &format!("label[for='{id}']"), &sample);
            assert!(
                !label.text().collect::<String>().trim().is_empty(),
                "{sample}"
            );
            assert!(input.attr("autocomplete").is_some(), "{sample}: {id}");
            if input.attr("type") == Some("password") {
                assert_eq!(
                    input.attr("value"),
                    None,
                    "{sample}: a secret is given back"
                );
            }
        }
        for form in html.select(&css("form")) {
            assert_eq!(form.attr("method"), Some("post"), "{sample}");
            let token = form.select(&css("input[type=hidden][name=token]")).next();
            assert!(
                token.is_some_and(|token| token.attr("value") == Some("a token")),
                "{sample}"
            );
            assert_eq!(
                form.select(&css("button[type=submit]")).count(),
                1,
                "{sample}"
            );
        }
    }
}

#[test]
fn a_field_is_required_where_it_may_not_be_left_empty() {
    for sample in samples() {
        let html = sample.parsed();
        for input in html.select(&css("input:not([type=hidden])")) {
            let is_optional = input.attr("id") == Some("email");
            assert_eq!(input.attr("required").is_none(), is_optional, "{sample}");
        }
    }
}

#[test]
fn what_points_to_a_part_of_the_page_finds_it() {
    for sample in samples() {
        let html = sample.parsed();
        let ids: Vec<_> = html
            .select(&css("[id]"))
            .filter_map(|element| element.attr("id"))
            .collect();
        let known: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(known.len(), ids.len(), "{sample}: an id is there twice");
        for element in html.select(&css(
            "[aria-labelledby], [aria-describedby], a[href^='#'], label[for]",
        )) {
            let wanted = ["aria-labelledby", "aria-describedby", "href", "for"]
                .iter()
                .filter_map(|name| element.attr(name))
                .filter(|value| !value.starts_with('/') && !value.starts_with("http"));
            for id in wanted.flat_map(|value| value.split_whitespace()) {
                assert!(known.contains(id.trim_start_matches('#')), "{sample}: {id}");
            }
        }
    }
}

#[test]
fn no_page_runs_or_loads_anything_foreign() {
    for sample in samples() {
        let html = sample.parsed();
        for element in html.select(&css("*")) {
            let name = element.value().name();
            assert!(
                !["script", "iframe", "object", "embed", "style", "base"].contains(&name),
                "{sample}: {name}"
            );
            for (attribute, value) in element.value().attrs() {
                assert!(
                    attribute != "style" && !attribute.starts_with("on"),
                    "{sample}: {attribute}"
                );
                let loads = attribute == "src" || (name == "link" && attribute == "href");
                assert!(!loads || value.starts_with("/static/"), "{sample}: {value}");
            }
        }
    }
}

#[test]
fn every_message_on_a_page_has_its_values() {
    for sample in samples() {
        assert!(
            !sample.html.contains("{$") && !sample.html.contains("{ $"),
            "{sample}"
        );
        let words = sample.parsed().root_element().text().collect::<String>();
        for line in words.lines() {
            let bare = line.trim();
            assert!(
                !messages::exists(Language::Spanish, bare),
                "{sample}: a message is shown by its name: {bare}"
            );
        }
    }
}

#[test]
fn every_obstacle_is_told_in_every_language_and_no_other_is() {
    let wanted: BTreeSet<String> = Obstacle::ALL
        .iter()
        .flat_map(|obstacle| {
            ["title", "what", "next"].map(|part| format!("problem-{obstacle}-{part}"))
        })
        .collect();
    for &language in Language::ALL {
        let catalogue = format!("{}/src/messages/{language}.ftl", env!("CARGO_MANIFEST_DIR"));
        let told: BTreeSet<String> = fs::read_to_string(catalogue)
            .unwrap()
            .lines()
            .filter(|line| line.starts_with("problem-"))
            .filter_map(|line| Some(line.split_once(" =")?.0.to_owned()))
            // The heading over every next step.
            .filter(|id| id != "problem-next-title")
            .collect();
        assert_eq!(told, wanted, "{language}");
        let page = Page::new(language, "/", String::new());
        let titles: BTreeSet<_> = Obstacle::ALL
            .iter()
            .map(|obstacle| obstacle.title(&page))
            .collect();
        // Two of them are the same words: too many wrong codes, while signing and while managing the account.
        assert_eq!(titles.len(), Obstacle::ALL.len() - 1, "{language}");
    }
}

#[test]
fn the_language_menu_leads_to_the_same_page() {
    for sample in samples() {
        let html = sample.parsed();
        let links: Vec<_> = html.select(&css(".languages a")).collect();
        assert_eq!(links.len(), Language::ALL.len());
        for (link, language) in links.iter().zip(Language::ALL) {
            assert_eq!(
                link.attr("href"),
                Some(format!("/r/x?lang={language}").as_str())
            );
            assert_eq!(link.attr("lang"), Some(language.bcp47()));
            assert_eq!(
                link.attr("aria-current").is_some(),
                *language == sample.language
            );
        }
    }
}

/// A page as it would be sent.
struct Sample {
    language: Language,
    name: String,
    html: String,
}

impl Sample {
    fn parsed(&self) -> Html {
        Html::parse_document(&self.html)
    }
}

impl std::fmt::Display for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}", self.name, self.language)
    }
}

fn css(selector: &str) -> Selector {
    Selector::parse(selector).unwrap()
}

fn one<'a>(html: &'a Html, selector: &str, sample: &Sample) -> ElementRef<'a> {
    let found: Vec<_> = html.select(&css(selector)).collect();
    assert_eq!(found.len(), 1, "{sample}: {selector}");
    found[0]
}

fn samples() -> Vec<Sample> {
    Language::ALL
        .iter()
        .flat_map(|&language| samples_in(language))
        .collect()
}

fn samples_in(language: Language) -> Vec<Sample> {
    let page = Page::new(language, "/r/x", "a token".to_owned())
        .with_reference(Some("5f2c".to_owned()))
        .with_help_desk(Some("060"));
    let rendered = [
        approval_samples(&page),
        code_samples(&page),
        account_samples(&page),
        other_samples(&page),
    ];
    rendered
        .into_iter()
        .flatten()
        .map(|(name, html)| Sample {
            language,
            name: name.to_owned(),
            html,
        })
        .collect()
}

type Rendered = Vec<(&'static str, String)>;

fn approval_samples(page: &Page) -> Rendered {
    let some = &request(page, DocumentState::Failed);
    let all = &request(page, DocumentState::Signed);
    let identify = || form(page, &[Kind::NationalId, Kind::Password]);
    let mut wrong = identify();
    wrong.keep(Kind::NationalId, "12345678A");
    wrong.fault(Kind::NationalId, page.t("fault-national-id-letter"));
    wrong.fault(Kind::Password, page.t("fault-password-missing"));
    let unknown = identify().with_problem(Some(page.t("fault-credentials")));
    let review = |form| {
        shown(&ReviewPage {
            page,
            request: some,
            form,
        })
    };
    let address = "/r/x/done".to_owned();
    vec![
        ("review", review(identify())),
        ("review-fault", review(wrong)),
        ("review-unknown-fault", review(unknown)),
        (
            "decline",
            shown(&DeclinePage {
                page,
                request: some,
            }),
        ),
        ("done", shown(&DonePage { page, request: all })),
        (
            "done-some",
            shown(&DonePage {
                page,
                request: some,
            }),
        ),
        ("signing", shown(&SigningPage { page, address })),
    ]
}

fn code_samples(page: &Page) -> Rendered {
    let asked = request(page, DocumentState::Waiting);
    let code = || form(page, &[Kind::Code]);
    let mistyped = page.tv("fault-code-wrong", &[("count", Arg::Count(1))]);
    let chosen = || {
        let kinds = [Kind::Code, Kind::NewPassword, Kind::RepeatPassword];
        let rules = Act::Change.rules().iter();
        form(page, &kinds).with_rules(
            rules
                .map(|rule| wording::password_rule(page, *rule))
                .collect(),
        )
    };
    let mut short = chosen();
    short.fault(
        Kind::NewPassword,
        wording::password_faults(page, &[PasswordRule::TooShort, PasswordRule::Name]),
    );
    let mut wrong = code();
    wrong.fault(Kind::Code, mistyped);
    vec![
        ("code", shown(&code_page(page, code(), Some(&asked)))),
        ("code-fault", shown(&code_page(page, wrong, Some(&asked)))),
        ("code-password", shown(&code_page(page, chosen(), None))),
        ("code-password-fault", shown(&code_page(page, short, None))),
    ]
}

fn account_samples(page: &Page) -> Rendered {
    let mut rendered = vec![("home", shown(&HomePage { page }))];
    for act in [Act::Activate, Act::Reset, Act::Change] {
        let form = act.first_form(page);
        rendered.push((act.path(), shown(&FirstPage { page, form, act })));
        let (heading, text) = act.done();
        rendered.push((
            "act-done",
            shown(&ActDonePage {
                page,
                heading,
                text,
                back: (act == Act::Reset).then(|| "/r/x".to_owned()),
            }),
        ));
    }
    rendered
}

fn other_samples(page: &Page) -> Rendered {
    let read = vec![page.t("cookies-use")];
    let topics = vec![Action::new("/", "x".to_owned())];
    let mut rendered = vec![
        ("about", shown(&AboutPage::new(page, "cookies-title", read))),
        ("help", shown(&HelpPage { page, topics })),
    ];
    for &obstacle in Obstacle::ALL {
        let ways = vec![Action::new("/r/x", page.t("action-request"))];
        let template = ObstaclePage::new(page, obstacle, ways).about("01890a5d-ac96");
        rendered.push((obstacle.as_str(), shown(&template)));
    }
    rendered
}

fn shown(template: &impl Template) -> String {
    template.render().unwrap()
}

fn form(page: &Page, kinds: &[Kind]) -> FormView {
    FormView::new("/r/x".to_owned(), kinds, page.t("continue-button"))
}

fn code_page<'a>(page: &'a Page, form: FormView, request: Option<&RequestView>) -> CodePage<'a> {
    CodePage {
        page,
        heading: if request.is_some() {
            "code-title"
        } else {
            "code-title-password"
        },
        form,
        notice: Some(page.t("code-resent")),
        request: request.map(|request| CodeRequest {
            app: request.app.clone(),
            title: request.title.clone(),
            fingerprint: request.fingerprint.clone(),
            decline: request.decline.clone(),
            documents: vec![CodeDocument {
                title: "Solicitud".to_owned(),
                statements: stated(page),
            }],
        }),
        phone: "456".to_owned(),
        now: datetime!(2026-11-23 14:00 UTC),
        expires_at: datetime!(2026-11-23 14:05 UTC),
        tries: 3,
        resends: 2,
        resend: "/r/x/resend".to_owned(),
        start: "/r/x".to_owned(),
        access: Some(last_access(page, Some(datetime!(2026-11-20 08:15 UTC)))),
    }
}

/// All that a signature in a PDF can state.
fn stated(page: &Page) -> Vec<Statement> {
    let text = || Some("Conforme <con> todo".to_owned());
    let options = DocumentOptions {
        digest: DigestAlgorithm::Sha256,
        padding: None,
        signature: SignatureOptions::Pades(PadesOptions {
            field: text(),
            reason: text(),
            location: text(),
            contact: text(),
            commitment: Some(Commitment::ProofOfApproval),
            policy: Some(SignaturePolicy {
                id: "2.16.724.1.3.1.1.2.1.9".parse().unwrap(),
                hash_algorithm: DigestAlgorithm::Sha256,
                hash: vec![0x7a; 32],
                uri: Some("https://sede.example/politica".to_owned()),
            }),
        }),
    };
    statements(page, &options)
}

/// A request of two documents, the second one in a state.
fn request(page: &Page, second: DocumentState) -> RequestView {
    let reason = (second == DocumentState::Failed).then_some(DocumentReason::PdfSigningForbidden);
    RequestView {
        app: "Sede electrónica de la Junta <de> Extremadura".to_owned(),
        title: Some("Solicitud de ayuda al alquiler 2026".to_owned()),
        expires: moment::date_and_time(page.language(), datetime!(2026-11-23 14:05 UTC)),
        fingerprint: "4F2A-91C0".to_owned(),
        number: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        address: "/r/x".to_owned(),
        decline: "/r/x/decline".to_owned(),
        back: Some("https://sede.example/fin?state=completed".parse().unwrap()),
        documents: vec![
            document(page, "Solicitud", DocumentState::Signed, None),
            document(page, "Anexo", second, reason),
        ],
    }
}

fn document(
    page: &Page,
    title: &str,
    state: DocumentState,
    reason: Option<DocumentReason>,
) -> DocumentView {
    DocumentView {
        address: format!("/r/x/documents/{title}"),
        name: "solicitud-ayuda-alquiler-2026.pdf".to_owned(),
        title: title.to_owned(),
        media_type: wording::media_type(page, "application/pdf"),
        size: wording::size(page.language(), 248_733),
        sha256: wording::digest_groups(&[0x4f; 32]),
        statements: stated(page),
        state,
        reason,
    }
}
