//! A server with everything real but HTTP: a token of its own, a database on the disk, documents in a folder.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, bail};
use rubrica::auth::{AppSession, Link, Presented, local_administrator, op};
use rubrica::clock::Ambient;
use rubrica::domain::algorithm::KeyAlgorithm;
use rubrica::domain::challenge::Purpose;
use rubrica::domain::id::ChallengeId;
use rubrica::domain::identifier::NationalId;
use rubrica::domain::language::Language;
use rubrica::domain::level::{ProofingMethod, RegistrationLevel};
use rubrica::domain::person::PersonName;
use rubrica::domain::request::RequestState;
use rubrica::domain::secret::SecretText;
use rubrica::service::apps::{Credentials, NewApp};
use rubrica::service::credentials::Earlier;
use rubrica::service::keks::KekWanted;
use rubrica::service::registration::{NewSigner, PhoneClaim};
use rubrica::service::requests::{NewDocument, NewRequest};
use rubrica::service::{BrowserKey, Service};
use rubrica::{app, config};
use tempfile::TempDir;

use super::new_token::{self, MODULE};

const PASSWORD: &str = "Str0ng!pass";

/// The token, made for this run and deleted after it.
pub(crate) struct Token {
    pub(crate) module: PathBuf,
    pub(crate) label: String,
    pub(crate) pin: String,
}

/// The server and who uses it.
pub(crate) struct Scene {
    service: Service,
    app: AppSession,
    outbox: PathBuf,
    registered: AtomicU32,
    pdf: Vec<u8>,
    token: Token,
    _folder: TempDir,
}

/// Somebody who can sign.
pub(crate) struct Citizen {
    national_id: NationalId,
    phone: String,
}

/// A request whose citizen was sent the code.
pub(crate) struct Waiting {
    /// How many documents it has.
    pub(crate) documents: usize,
    link: Link,
    challenge: ChallengeId,
    key: BrowserKey,
    code: SecretText,
}

impl Scene {
    /// Makes all of it, with so many sessions on the token.
    pub(crate) fn new(sessions: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let token = Token::new()?;
        let path = folder.path();
        write_private(&path.join("pin"), &token.pin)?;
        write_private(&path.join("link-key"), &format!("{}=", "A".repeat(43)))?;
        let text = format!(
            r#"
[server]
node = "bench"
link_key_file = "link-key"
[citizen]
url = "https://bench.example/"
[hsm]
module = "{MODULE}"
token = "{}"
pin_file = "pin"
sessions = {sessions}
queue = 1024
[limits]
documents_per_request = 1000
[identity]
sms_per_hour = 1000
argon2_memory = 64
argon2_passes = 1
[sms]
outbox = "outbox"
"#,
            token.label
        );
        let file = path.join("rubrica.toml");
        fs::write(&file, text)?;
        let loaded = config::load(Some(&file))?;
        app::migrate(&loaded.config)?;
        let service = app::service(loaded.config)?;
        let administrator = local_administrator("bench");
        service.init_kek(&administrator.authorize(op::ManageHsm), KekWanted::First)?;
        service.init_authorities(&administrator.authorize(op::ManageAuthorities))?;
        let given = service.add_app(
            &administrator.authorize(op::ManageApps),
            &NewApp {
                name: "bench".to_owned(),
                return_urls: Vec::new(),
            },
            &Credentials::Token,
        )?;
        let presented = given.token.context("the app got no token")?;
        let app = service.authenticate(&Presented::BearerToken(presented))?;
        Ok(Self {
            service,
            app,
            outbox: path.join("outbox"),
            registered: AtomicU32::new(0),
            pdf: small_pdf(),
            token,
            _folder: folder,
        })
    }

    /// The token under all of it.
    pub(crate) fn token(&self) -> &Token {
        &self.token
    }

    /// Registers, activates and certifies so many.
    pub(crate) fn citizens(&self, count: usize, key: KeyAlgorithm) -> anyhow::Result<Vec<Citizen>> {
        (0..count).map(|_| self.citizen(key)).collect()
    }

    /// A request of that citizen for so many small PDFs, up to the code.
    pub(crate) fn ask(&self, citizen: &Citizen, documents: usize) -> anyhow::Result<Waiting> {
        let one = |place: usize| NewDocument {
            name: format!("{place}.pdf"),
            ..NewDocument::default()
        };
        let new = NewRequest {
            signer: SecretText::new(citizen.national_id.as_str().to_owned()),
            title: None,
            language: None,
            lifetime: None,
            return_url: None,
            documents: (0..documents).map(one).collect(),
            idempotency: None,
        };
        let authorized = self.app.clone().authorize(op::CreateRequest);
        let mut draft = self.service.draft_request(authorized, new)?;
        for _ in 0..documents {
            draft.add(&mut self.pdf.as_slice())?;
        }
        let created = draft.finish()?;
        let text = created
            .view
            .approval_url
            .path_segments()
            .and_then(Iterator::last)
            .context("the link has no path")?;
        let link = self.service.link(text)?;
        let sent = self.service.begin_approval(
            &link,
            &SecretText::new(citizen.national_id.as_str().to_owned()),
            &SecretText::new(PASSWORD.to_owned()),
        )?;
        Ok(Waiting {
            documents,
            link,
            challenge: sent.challenge,
            key: sent.browser_key,
            code: self.code(&citizen.phone)?,
        })
    }

    /// Gives the code; what is measured.
    pub(crate) fn confirm(&self, waiting: &Waiting) -> anyhow::Result<()> {
        let state = self.service.confirm_approval(
            &waiting.link,
            waiting.challenge,
            &waiting.key,
            &waiting.code,
        )?;
        if state != RequestState::Completed {
            bail!("a request ended {state}");
        }
        Ok(())
    }

    fn citizen(&self, key: KeyAlgorithm) -> anyhow::Result<Citizen> {
        let number = self.registered.fetch_add(1, Ordering::Relaxed) + 1;
        let national_id = NationalId::dni(number).context("no more DNIs")?;
        let phone = format!("+346{number:08}");
        let administrator = local_administrator("bench");
        let registered = self.service.register_signer(
            &administrator.authorize(op::RegisterSigner),
            NewSigner {
                national_id: national_id.clone(),
                name: PersonName::new("Ana", "Gil", None)?,
                phone: phone.parse()?,
                email: None,
                language: Language::Spanish,
                method: ProofingMethod::InPerson,
                level: RegistrationLevel::Advanced,
                proofed_at: Ambient::system().now().date(),
            },
            &PhoneClaim::Free,
        )?;
        let sent = self.service.begin_activation(
            Language::Spanish,
            &SecretText::new(national_id.as_str().to_owned()),
            &SecretText::new(String::new()),
            &registered.activation_code,
        )?;
        self.service.finish_password(
            Purpose::Activate,
            sent.challenge,
            &sent.browser_key,
            &self.code(&phone)?,
            &SecretText::new(PASSWORD.to_owned()),
        )?;
        self.service.issue_credential(
            &administrator.authorize(op::ManageCredentials),
            &national_id,
            key,
            Earlier::Keep,
        )?;
        Ok(Citizen { national_id, phone })
    }

    /// Takes the one message to that phone out of the outbox and reads its code.
    fn code(&self, phone: &str) -> anyhow::Result<SecretText> {
        for entry in fs::read_dir(&self.outbox)? {
            let path = entry?.path();
            let message: serde_json::Value = serde_json::from_slice(&fs::read(&path)?)?;
            if message.get("to").and_then(|to| to.as_str()) != Some(phone) {
                continue;
            }
            fs::remove_file(&path)?;
            let text = message
                .get("text")
                .and_then(|text| text.as_str())
                .unwrap_or_default();
            // Others tell what became of the account.
            if let Some(code) = text
                .rsplit(|c: char| !c.is_ascii_digit())
                .find(|run| run.len() == 6)
            {
                return Ok(SecretText::new(code.to_owned()));
            }
        }
        bail!("no message came");
    }
}

impl Token {
    fn new() -> anyhow::Result<Self> {
        let random: [u8; 16] = Ambient::system().random();
        let token = Self {
            module: PathBuf::from(MODULE),
            label: format!("rubrica-bench-{}", std::process::id()),
            pin: hex::encode(random),
        };
        let made = new_token::make(None, &token.label, &token.pin, &token.pin)
            .context("`script` of Debian's bsdutils cannot be started")?;
        if !made.status.success() {
            bail!(
                "no token could be made; run ./SoftHSM-setup.sh first\n{}{}",
                String::from_utf8_lossy(&made.stdout),
                String::from_utf8_lossy(&made.stderr)
            );
        }
        Ok(token)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        let deleted = Command::new("softhsm2-util")
            .args(["--delete-token", "--token", &self.label])
            .stdout(Stdio::null())
            .status();
        if !deleted.is_ok_and(|status| status.success()) {
            eprintln!(
                "the token {} stays; delete it with softhsm2-util",
                self.label
            );
        }
    }
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}

/// One page with a line of text, about 10 kB with what fills it.
fn small_pdf() -> Vec<u8> {
    let text = b"BT /F1 12 Tf 72 720 Td (A document to sign) Tj ET\n".repeat(180);
    let objects = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
            .to_vec(),
        [
            format!("<</Length {}>>stream\n", text.len()).as_bytes(),
            &text,
            b"\nendstream",
        ]
        .concat(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec(),
    ];
    let mut pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut table = b"0000000000 65535 f \n".to_vec();
    for (place, object) in objects.iter().enumerate() {
        table.extend(format!("{:010} 00000 n \n", pdf.len()).as_bytes());
        pdf.extend(format!("{} 0 obj\n", place + 1).as_bytes());
        pdf.extend(object);
        pdf.extend(b"\nendobj\n");
    }
    let start = pdf.len();
    pdf.extend(format!("xref\n0 {}\n", objects.len() + 1).as_bytes());
    pdf.extend(table);
    pdf.extend(
        format!(
            "trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n",
            objects.len() + 1
        )
        .as_bytes(),
    );
    pdf
}
