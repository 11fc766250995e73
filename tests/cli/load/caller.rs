//! An app and a citizen who go on whatever becomes of the server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Citizen, Dice, Place};
use crate::harness::client::{Answer, Client};
use crate::harness::pdf;
use crate::harness::phones::Phones;
use crate::harness::standing::PASSWORD;

pub(super) const REQUESTS: &str = "/v1/signature-requests";
/// How long anything may take while servers come and go.
const PATIENCE: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_millis(10);

/// A request, as its app knows it.
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) citizen: usize,
    /// The path of its approval page.
    link: String,
    pub(super) documents: Vec<Sample>,
    /// Whether somebody was told that all is signed.
    pub(super) told: Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Signed,
    Nothing,
}

/// A document to be signed.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    name: String,
    pub(super) bytes: Vec<u8>,
    /// `None` for a PDF.
    packaging: Option<&'static str>,
}

/// What a call came to that led nowhere.
enum Astray {
    /// The server was killed before it had answered.
    Cut,
    /// It answered something else.
    Told(String),
}

/// Asks and approves until told to stop, and until it is known what became of the last request.
pub(super) fn keep_asking(
    place: &Place,
    citizen: &Citizen,
    stop: &AtomicBool,
    mut dice: Dice,
) -> Vec<Asked> {
    let app = place.app();
    let mut all = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let mut asked = ask(place, &app, citizen, &mut dice);
        asked.told = approve(place, &app, citizen, &asked);
        all.push(asked);
    }
    all
}

/// Makes a request. Without an answer, it is asked for again by the same name, so that there are not two of it.
fn ask(place: &Place, app: &Client, citizen: &Citizen, dice: &mut Dice) -> Asked {
    let count = match dice.roll(8) {
        0 => 20 + dice.roll(20),
        1 | 2 => 2 + dice.roll(4),
        _ => 1,
    };
    let documents: Vec<_> = (0..count).map(|_| Sample::any(dice)).collect();
    let described: Vec<_> = documents.iter().map(Sample::described).collect();
    let body = json!({"signer": citizen.dni, "documents": described}).to_string();
    let app_once = app
        .with("Idempotency-Key", &format!("{:x}", dice.number()))
        .with("Content-Type", "application/json");
    let made = insist(place, || {
        let answer = app_once.try_call("POST", REQUESTS, body.as_str())?;
        wanted(answer, 201)
    });
    let address = made.at("/approval_url");
    let address = url::Url::parse(address.as_str().unwrap()).unwrap();
    Asked {
        id: made.at("/id").as_str().unwrap().to_owned(),
        citizen: place
            .citizens
            .iter()
            .position(|one| one.dni == citizen.dni)
            .unwrap(),
        link: address.path().to_owned(),
        documents,
        told: Told::Nothing,
    }
}

/// Approves a request; again, when a stop left it as it was. One that a dead process still holds is left alone.
pub(super) fn approve(place: &Place, app: &Client, citizen: &Citizen, asked: &Asked) -> Told {
    let begun = Instant::now();
    loop {
        let tried = give_both_factors(place, citizen, asked);
        let state = read(place, app, asked).at("/state");
        match (tried, state.as_str().unwrap()) {
            (Ok(()), state) => {
                assert_eq!(
                    state, "completed",
                    "{}: the citizen was told that it is signed",
                    asked.id
                );
                return Told::Signed;
            }
            (Err(astray), "pending") => astray.wait(place),
            (Err(_), "signing" | "completed" | "failed") => return Told::Nothing,
            (Err(_), other) => panic!("{} is {other}", asked.id),
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "{} cannot be approved: {:?}",
            asked.id,
            place.odd()
        );
    }
}

/// What the app reads of it.
pub(super) fn read(place: &Place, app: &Client, asked: &Asked) -> Answer {
    let path = format!("{REQUESTS}/{}", asked.id);
    insist(place, || wanted(app.try_call("GET", &path, ())?, 200))
}

fn give_both_factors(place: &Place, citizen: &Citizen, asked: &Asked) -> Result<(), Astray> {
    let browser = place.browser();
    let (page, at_code) = (&asked.link, format!("{}/code", asked.link));
    let token = open(&browser, page)?;
    let who = [
        ("token", token.as_str()),
        ("national-id", &citizen.dni),
        ("password", PASSWORD),
    ];
    send(&browser, page, &who, &at_code)?;
    let token = open(&browser, &at_code)?;
    let code = Phones::of(&place.project.path("data/outbox")).code(&citizen.phone);
    let fields = [("token", token.as_str()), ("code", code.expose())];
    send(&browser, &at_code, &fields, &format!("{page}/done"))
}

/// Opens a page, and gives the hidden field of its form.
fn open(browser: &Client, path: &str) -> Result<String, Astray> {
    let page = wanted(browser.try_call("GET", path, ())?, 200)?;
    let text = page.text();
    let field = text.split("name=\"token\" value=\"").nth(1);
    let token = field.and_then(|rest| rest.split('"').next());
    token
        .map(str::to_owned)
        .ok_or_else(|| Astray::Told("a page without a form".to_owned()))
}

fn send(
    browser: &Client,
    path: &str,
    fields: &[(&str, &str)],
    leads_to: &str,
) -> Result<(), Astray> {
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let kind = "application/x-www-form-urlencoded";
    let answer = browser
        .with("Content-Type", kind)
        .try_call("POST", path, body)?;
    let answer = wanted(answer, 303)?;
    match answer.header("location") {
        place if place == leads_to => Ok(()),
        _ => Err(Astray::Told("the form leads elsewhere".to_owned())),
    }
}

/// Until it is answered as wanted.
fn insist(place: &Place, call: impl Fn() -> Result<Answer, Astray>) -> Answer {
    let begun = Instant::now();
    loop {
        match call() {
            Ok(answer) => return answer,
            Err(astray) => astray.wait(place),
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "there is no answer: {:?}",
            place.odd()
        );
    }
}

fn wanted(answer: Answer, status: u16) -> Result<Answer, Astray> {
    if answer.status == status {
        return Ok(answer);
    }
    let about = match answer.header("content-type") {
        "application/problem+json" => answer.at("/code").to_string(),
        _ => String::new(),
    };
    Err(Astray::Told(format!("{} {about}", answer.status)))
}

impl Astray {
    fn wait(self, place: &Place) {
        if let Self::Told(what) = self {
            place.note(what);
        }
        thread::sleep(PAUSE);
    }
}

impl From<ureq::Error> for Astray {
    fn from(_: ureq::Error) -> Self {
        Self::Cut
    }
}

impl Sample {
    fn any(dice: &mut Dice) -> Self {
        let number = dice.number();
        match dice.roll(3) {
            0 => Self {
                name: format!("{number}.pdf"),
                bytes: pdf::plain(),
                packaging: None,
            },
            kind => Self {
                name: format!("{number}.txt"),
                bytes: number.to_string().into(),
                packaging: Some(if kind == 1 { "detached" } else { "enveloping" }),
            },
        }
    }

    fn described(&self) -> Value {
        let mut described = json!({"name": self.name, "content": STANDARD.encode(&self.bytes)});
        if let Some(packaging) = self.packaging {
            described["packaging"] = packaging.into();
        }
        described
    }

    pub(super) fn is_pdf(&self) -> bool {
        self.packaging.is_none()
    }

    pub(super) fn is_detached(&self) -> bool {
        self.packaging == Some("detached")
    }
}
