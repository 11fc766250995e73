//! Messages to a gateway over real connections: what goes out, what is tried again, and what is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rubrica::clock::Ambient;
use rubrica::domain::secret::SecretText;
use rubrica::notify::{
    BodyTemplate, GatewayHeader, GatewayMethod, GatewayRoots, GatewaySettings, InvalidGateway,
    Notify, Settings, Sms, SmsError,
};

/// What a gateway was sent.
#[derive(Debug)]
struct Call {
    head: String,
    body: String,
}

/// A gateway on loopback that answers with these statuses, one for each connection; nought is silence.
fn gateway(statuses: &'static [u16]) -> (SocketAddr, Receiver<Call>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, calls) = channel();
    thread::spawn(move || {
        for status in statuses {
            let (stream, _) = listener.accept().unwrap();
            answer(stream, *status, &sender);
        }
    });
    (address, calls)
}

fn answer<S: Read + Write>(stream: S, status: u16, calls: &Sender<Call>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        })
        .unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    calls
        .send(Call {
            head,
            body: String::from_utf8(body).unwrap(),
        })
        .unwrap();
    if status == 0 {
        thread::sleep(Duration::from_millis(600));
        return;
    }
    let mut stream = reader.into_inner();
    write!(
        stream,
        "HTTP/1.1 {status} Whatever\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    stream.flush().unwrap();
}

fn settings(address: &str) -> GatewaySettings {
    let template = r#"{"phone": "{to}", "message": "{text}"}"#.to_owned();
    GatewaySettings::new(
        address.parse().unwrap(),
        BodyTemplate::new(template).unwrap(),
    )
    .unwrap()
    .with_timeout(Duration::from_millis(300))
    .unwrap()
    .with_pause(Duration::from_millis(5))
    .unwrap()
}

fn send(settings: GatewaySettings) -> Result<(), SmsError> {
    Notify::new(Settings::Http(Box::new(settings)), Ambient::system()).send(&sms())
}

fn sms() -> Sms {
    Sms {
        to: "600123456".parse().unwrap(),
        text: SecretText::new("La «clave» es \"123456\"".to_owned()),
    }
}

fn http(address: SocketAddr) -> GatewaySettings {
    settings(&format!("http://{address}/v1/send?x=1"))
}

#[test]
fn a_message_arrives_with_its_headers_and_its_text_as_it_was() {
    let (address, calls) = gateway(&[202]);
    let key = GatewayHeader::new("X-Api-Key", &SecretText::new("k3y\n".to_owned())).unwrap();
    let settings = http(address)
        .with_method(GatewayMethod::Put)
        .with_headers(vec![key]);
    send(settings).unwrap();
    let call = calls.recv().unwrap();
    assert!(
        call.head.starts_with("PUT /v1/send?x=1 HTTP/1.1\r\n"),
        "{}",
        call.head
    );
    let head = call.head.to_ascii_lowercase();
    assert!(head.contains("\r\nx-api-key: k3y\r\n"), "{head}");
    assert!(
        head.contains("\r\ncontent-type: application/json\r\n"),
        "{head}"
    );
    let body: serde_json::Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({"phone": "+34600123456", "message": "La «clave» es \"123456\""})
    );
}

#[test]
fn passing_failures_are_tried_again() {
    let (address, calls) = gateway(&[503, 429, 200]);
    send(http(address)).unwrap();
    assert_eq!(calls.iter().count(), 3);
}

#[test]
fn a_refusal_is_not_tried_again() {
    for statuses in [&[400, 200], &[401, 200], &[302, 200]] {
        let (address, calls) = gateway(statuses);
        let refused = send(http(address));
        assert!(
            matches!(refused, Err(SmsError::Refused { status }) if statuses.first() == Some(&status)),
            "{refused:?}"
        );
        calls.recv().unwrap();
        assert!(calls.try_recv().is_err());
    }
}

#[test]
fn failing_at_every_attempt_is_unreachable() {
    let (address, calls) = gateway(&[500, 502, 503, 200]);
    let failed = send(http(address));
    assert!(
        matches!(failed, Err(SmsError::Unreachable { attempts: 3, .. })),
        "{failed:?}"
    );
    assert_eq!(calls.try_iter().count(), 3);
}

#[test]
fn a_silent_gateway_costs_bounded_time() {
    let (address, _calls) = gateway(&[0, 0]);
    let begun = Instant::now();
    let failed = send(http(address).with_attempts(2).unwrap());
    assert!(
        matches!(failed, Err(SmsError::Unreachable { attempts: 2, .. })),
        "{failed:?}"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn nobody_listening_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert!(matches!(
        send(http(address)),
        Err(SmsError::Unreachable { attempts: 3, .. })
    ));
}

#[test]
fn failures_say_nothing_of_the_text() {
    let (address, _calls) = gateway(&[400]);
    let error = send(http(address)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the SMS gateway refused the message with status 400"
    );
    assert!(!format!("{error:?} {:?}", sms()).contains("123456\""));
}

#[test]
fn a_gateway_with_a_certificate_is_trusted_by_its_own_authority_only() {
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = certificate.cert.pem();
    let (address, calls) = tls_gateway(&certificate, 2);
    let url = format!("https://localhost:{}/", address.port());
    let trusting = settings(&url)
        .with_roots(GatewayRoots::from_pem(pem.as_bytes()).unwrap())
        .with_timeout(Duration::from_secs(5))
        .unwrap();
    send(trusting).unwrap();
    assert!(calls.recv().unwrap().body.contains("123456"));
    let public = settings(&url).with_attempts(1).unwrap();
    assert!(matches!(send(public), Err(SmsError::Unreachable { .. })));
    assert!(calls.try_recv().is_err());
}

#[test]
fn a_wrong_set_up_is_found_before_the_first_message() {
    let body = || BodyTemplate::new(r#"["{to}","{text}"]"#.to_owned()).unwrap();
    for url in [
        "http://sms.example.com/",
        "ftp://localhost/",
        "file:///tmp/x",
    ] {
        assert!(matches!(
            GatewaySettings::new(url.parse().unwrap(), body()),
            Err(InvalidGateway::Address)
        ));
    }
    for (name, value) in [("X Key", "v"), ("X-Key", "a\nb"), ("X-Key", " \n")] {
        assert!(matches!(
            GatewayHeader::new(name, &SecretText::new(value.to_owned())),
            Err(InvalidGateway::Header { .. })
        ));
    }
    for pem in [
        "",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    ] {
        assert!(matches!(
            GatewayRoots::from_pem(pem.as_bytes()),
            Err(InvalidGateway::Roots(_))
        ));
    }
}

/// Answers 200 to `connections` connections over TLS, of which some may break off.
fn tls_gateway(
    own: &rcgen::CertifiedKey<rcgen::KeyPair>,
    connections: usize,
) -> (SocketAddr, Receiver<Call>) {
    let key = rustls::pki_types::PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, calls) = channel();
    thread::spawn(move || {
        for _ in 0..connections {
            let (stream, _) = listener.accept().unwrap();
            let session = rustls::ServerConnection::new(config.clone()).unwrap();
            let stream: rustls::StreamOwned<_, TcpStream> =
                rustls::StreamOwned::new(session, stream);
            answer(stream, 200, &sender);
        }
    });
    (address, calls)
}
