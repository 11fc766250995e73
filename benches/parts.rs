//! The parts of the signing path, one by one, with criterion.
//!
//! ```text
//! cargo bench --bench parts [-- FILTER]
//! ```

#[expect(dead_code, reason = "some of it is for the other benchmarks")]
mod bare;
#[expect(dead_code, reason = "only a few of its functions are used here")]
mod report;
#[expect(dead_code, reason = "some of it is for the other benchmarks")]
mod rig;

use std::io::Cursor;
use std::time::Duration;

use anyhow::{Context, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use criterion::{BatchSize, Criterion, Throughput};
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::pkcs8::DecodePrivateKey;
use rubrica::ades::{CertificateChain, cms, pades};
use rubrica::clock::Ambient;
use rubrica::domain::algorithm::{
    Digest, DigestAlgorithm, Hasher, KeyAlgorithm, Padding, SignatureScheme,
};
use rubrica::domain::key::{DtbsR, PublicKey, SignatureValue, rsa_spki};
use rubrica::domain::secret::SecretText;
use rubrica::http::tls::self_signed;
use rubrica::journal::{Entry, Event, Journal};
use rubrica::store::{self, Store};
use tempfile::TempDir;

use bare::{Bare, Loop};
use rig::arguments::Arguments;
use rig::document::Sample;
use rig::gateway::Gateway;
use rig::place::{Database, Place, Wishes};
use rig::token::{Token, Vendor};

const ECDSA: SignatureScheme = SignatureScheme {
    padding: Padding::Ecdsa,
    digest: DigestAlgorithm::Sha256,
};
const RSA: SignatureScheme = SignatureScheme {
    padding: Padding::Pkcs1v15,
    digest: DigestAlgorithm::Sha256,
};

/// A key outside any HSM, with a certificate of its own.
struct Software {
    key: SigningKey,
    chain: CertificateChain,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::read();
    // `cargo test` may want other tests alone; criterion does each part once for it.
    if !arguments.benchmark && !arguments.wants("parts") {
        return Ok(());
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let software = Software::new()?;
    der(&mut criterion, &software)?;
    pdf(&mut criterion, &software)?;
    verification(&mut criterion, &software)?;
    journal(&mut criterion)?;
    token(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// The signed attributes, and the CMS around them.
fn der(criterion: &mut Criterion, software: &Software) -> anyhow::Result<()> {
    let content = Digest::of(DigestAlgorithm::Sha256, b"content");
    let spec = cms::SignedAttributesSpec::default();
    let prepare = || cms::prepare(&software.chain, ECDSA, &content, &spec);
    let value = software.sign(&prepare()?.dtbs_r())?;
    let mut group = criterion.benchmark_group("der");
    group.bench_function("signed attributes", |bencher| bencher.iter(prepare));
    group.bench_function("CMS, with verification", |bencher| {
        bencher.iter_batched(
            || (prepare(), value.clone()),
            |(prepared, value)| {
                let prepared = prepared?;
                let value = prepared.verified(value)?;
                prepared.assemble(value)
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
    Ok(())
}

/// From a document that was hashed as it came to what is to be signed. The large one is held in memory here, so that no
/// disk is measured.
fn pdf(criterion: &mut Criterion, software: &Software) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("PDF preparation");
    for (name, size) in [
        ("10 kB", 10_000),
        ("1 MB", 1_000_000),
        ("100 MB", 100_000_000),
    ] {
        let bytes = Sample::pdf(size).bytes()?;
        let mut original = Hasher::new(DigestAlgorithm::Sha256);
        original.update(&bytes);
        let mut file = Cursor::new(bytes);
        let now = Ambient::system().now();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let input = pades::Input {
                    chain: software.chain.clone(),
                    scheme: ECDSA,
                    original: original.clone(),
                    signing_time: now,
                    options: pades::Options::default(),
                };
                pades::prepare(&mut file, input)
            });
        });
    }
    group.finish();
    Ok(())
}

/// Each own signature is verified, without the HSM.
fn verification(criterion: &mut Criterion, software: &Software) -> anyhow::Result<()> {
    let message = b"a message";
    let dtbs_r = DtbsR(Digest::of(DigestAlgorithm::Sha256, message));
    let value = software.sign(&dtbs_r)?;
    let rsa = RsaKeyPair::generate(KeySize::Rsa3072).or(Err(anyhow!("no RSA key was made")))?;
    let mut rsa_value = vec![0; rsa.public_modulus_len()];
    rsa.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message,
        &mut rsa_value,
    )
    .or(Err(anyhow!("nothing was signed")))?;
    let public = pkcs1::RsaPublicKeyRef::try_from(rsa.public_key().as_ref())?;
    let rsa_key: PublicKey = rsa_spki(public.modulus.as_bytes(), &[1, 0, 1])?;
    let rsa_value = SignatureValue(rsa_value);
    let key = software.chain.public_key();
    let mut group = criterion.benchmark_group("verify");
    group.bench_function("P-256", |bencher| {
        bencher.iter(|| key.verify(ECDSA, &dtbs_r, &value));
    });
    group.bench_function("RSA-3072", |bencher| {
        bencher.iter(|| rsa_key.verify(RSA, &dtbs_r, &rsa_value));
    });
    group.finish();
    Ok(())
}

/// One entry, until it is on the disk.
fn journal(criterion: &mut Criterion) -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let file = folder.path().join("journal.db");
    std::fs::File::create(&file)?;
    let store = Store::open(&store::Settings {
        url: SecretText::new(format!("sqlite:{}", file.display())),
        connections: 4,
        wait: Duration::from_secs(5),
        statement_timeout: Duration::from_secs(30),
    })?;
    store.migrate()?;
    let journal = Journal::new(store, Ambient::system(), "bench".parse()?);
    let mut group = criterion.benchmark_group("journal, SQLite");
    for entries in [1, 100] {
        let entries = vec![Entry::new(Event::ServerStarted); entries];
        group.throughput(Throughput::Elements(u64::try_from(entries.len())?));
        group.bench_function(format!("{} entries, durable", entries.len()), |bencher| {
            bencher.iter(|| journal.append(&entries));
        });
    }
    group.finish();
    Ok(())
}

/// What the token alone takes: the part that cannot be made quicker here.
fn token(criterion: &mut Criterion) -> anyhow::Result<()> {
    let token = Token::for_this_run(Vendor::SoftHsm)?;
    let gateway = Gateway::start()?;
    let wishes = Wishes {
        token: &token,
        gateway: &gateway,
        sessions: 1,
        authorities: "ec-p256",
    };
    let place = Place::temporary(&Database::Sqlite, &wishes)?;
    // Whoever asks the token first initialises its module.
    let scene = rig::scene::Scene::new(place, &gateway)?;
    for algorithm in [KeyAlgorithm::EcP256, KeyAlgorithm::Rsa3072] {
        let mut group = criterion.benchmark_group(format!("token, {algorithm}"));
        for (name, what) in [
            ("unwrap + destroy", Loop::UnwrapDestroy),
            ("sign", Loop::Sign),
            ("unwrap + sign + destroy", Loop::UnwrapSignDestroy),
        ] {
            let bare = Bare::new(&token, algorithm, what, 1)?;
            group.bench_function(name, |bencher| bencher.iter(|| bare.once()));
        }
        group.finish();
    }
    drop(scene);
    Ok(())
}

impl Software {
    fn new() -> anyhow::Result<Self> {
        let made = self_signed(&["bench.example"], Ambient::system().now())?;
        Ok(Self {
            key: SigningKey::from_pkcs8_pem(made.key_pem.expose())
                .map_err(|error| anyhow!("the key cannot be read: {error}"))?,
            chain: CertificateChain::from_pem(&made.certificate_pem)?,
        })
    }

    fn sign(&self, dtbs_r: &DtbsR) -> anyhow::Result<SignatureValue> {
        let value: p256::ecdsa::Signature = self
            .key
            .sign_prehash(dtbs_r.0.bytes())
            .map_err(|error| anyhow!("nothing was signed: {error}"))?;
        SignatureValue::from_ecdsa_rs(KeyAlgorithm::EcP256, &value.to_bytes())
            .context("the value has another form")
    }
}
