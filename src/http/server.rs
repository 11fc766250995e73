//! Listening, serving, stopping.

use std::any::Any;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::{Extensions, Server};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use futures_util::future::{Either, join_all, select, try_join_all};
use rustls::ServerConfig;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::frame::{JSON, Style, frame};
use super::router::{self, Route, mount};
use super::shared::Shared;
use super::tls::{ClientCertificates, Shown, TlsError};
use super::{Settings, TlsListener, citizen, ops};
use crate::service::Service;

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address is taken or not this machine's.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// A listener's certificate or key is not usable.
    #[error("TLS on {address} cannot be set up")]
    Tls {
        /// Which listener.
        address: SocketAddr,
        /// Why not.
        source: TlsError,
    },
    /// The server ended by itself.
    #[error("the server ended unexpectedly")]
    Ended(#[source] io::Error),
}

/// Listeners that are open and do not answer yet. Their ports are known, also where 0 was asked for.
pub struct Bound {
    settings: Settings,
    api: (TcpListener, Shown),
    citizen: (TcpListener, Shown),
    ops: TcpListener,
}

/// The certificate that the client of a connection showed, in DER.
#[derive(Clone)]
pub(super) struct ClientCertificate(pub(super) Vec<u8>);

/// Opens the listeners and reads their certificates.
pub fn bind(settings: Settings) -> Result<Bound, ServeError> {
    Ok(Bound {
        api: (listen(settings.api.address)?, shown(&settings.api)?),
        citizen: (listen(settings.citizen.address)?, shown(&settings.citizen)?),
        ops: listen(settings.ops)?,
        settings,
    })
}

impl Bound {
    /// Where apps are answered.
    pub fn api_address(&self) -> SocketAddr {
        address(&self.api.0, self.settings.api.address)
    }

    /// Where citizens are answered.
    pub fn citizen_address(&self) -> SocketAddr {
        address(&self.citizen.0, self.settings.citizen.address)
    }

    /// Where operators are answered.
    pub fn ops_address(&self) -> SocketAddr {
        address(&self.ops, self.settings.ops)
    }

    /// Begins to answer, on threads of its own.
    pub fn start(self, service: Service) -> Result<Running, ServeError> {
        let (stop, stopped) = watch::channel(());
        let certificates = [self.api.1.clone(), self.citizen.1.clone()];
        let thread = std::thread::Builder::new()
            .name("http".to_owned())
            .spawn(move || {
                actix_web::rt::System::new()
                    .block_on(async move { run(self.servers(&service)?, stopped).await })
            })
            .map_err(ServeError::Ended)?;
        Ok(Running {
            stop,
            thread,
            certificates,
        })
    }

    fn servers(self, service: &Service) -> Result<Vec<Server>, ServeError> {
        let api = Place {
            address: self.api_address(),
            style: JSON,
            routes: router::api(),
        };
        let citizen = Place {
            address: self.citizen_address(),
            style: citizen::STYLE,
            routes: router::citizen(),
        };
        let ops = Place {
            address: self.ops_address(),
            style: ops::STYLE,
            routes: router::ops(),
        };
        let shared = || web::Data::new(Shared::new(service.clone(), &self.settings));
        let api_tls = api.tls(&self.api.1, ClientCertificates::Optional)?;
        let citizen_tls = citizen.tls(&self.citizen.1, ClientCertificates::Never)?;
        Ok(vec![
            api.serve(&self.settings, shared(), self.api.0, Some(api_tls))?,
            citizen.serve(&self.settings, shared(), self.citizen.0, Some(citizen_tls))?,
            ops.serve(&self.settings, shared(), self.ops, None)?,
        ])
    }
}

/// Answers until it is told to stop and each listener has finished what was under way.
///
/// They share one `System`. The signals that actix-web offers for the purpose end it a moment after the first listener has
/// nothing left to do, and with it the calls of the others; a stop by handle does not.
async fn run(servers: Vec<Server>, mut stopped: watch::Receiver<()>) -> Result<(), ServeError> {
    let handles: Vec<_> = servers.iter().map(Server::handle).collect();
    let stopping = async {
        // An error means that the sender is gone, which also means to stop.
        let _ = stopped.changed().await;
        join_all(handles.iter().map(|handle| handle.stop(true))).await;
    };
    let ended = match select(try_join_all(servers), pin!(stopping)).await {
        Either::Left((ended, _)) => ended,
        Either::Right(((), servers)) => servers.await,
    };
    ended.map(drop).map_err(ServeError::Ended)
}

/// A server that answers.
pub struct Running {
    stop: watch::Sender<()>,
    thread: JoinHandle<Result<(), ServeError>>,
    certificates: [Shown; 2],
}

impl Running {
    /// Takes no more calls, lets those under way finish within the configured time, and ends.
    pub fn stop(self) -> Result<(), ServeError> {
        // Nobody listens any more when the server ended by itself; joining tells how.
        let _ = self.stop.send(());
        ended(self.thread)
    }

    /// Reads the certificates' files anew. New connections see the result; when it fails, the old ones stay.
    pub fn reload_certificates(&self) -> Result<(), TlsError> {
        self.certificates.iter().try_for_each(Shown::reload)
    }

    /// Serves until SIGTERM or SIGINT, then stops as [`stop`](Self::stop) does. SIGHUP reads the certificates
    /// anew. `ready` is called once signals are heard: before that, one would end the process at once.
    pub fn until_signal(self, ready: impl FnOnce()) -> Result<(), ServeError> {
        actix_web::rt::System::new()
            .block_on(self.signalled(ready))
            .map_err(ServeError::Ended)?;
        self.stop()
    }

    async fn signalled(&self, ready: impl FnOnce()) -> io::Result<()> {
        let mut end = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut again = signal(SignalKind::hangup())?;
        ready();
        let mut look = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                _ = end.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
                _ = again.recv() => match self.reload_certificates() {
                    Ok(()) => tracing::info!("certificates were read anew"),
                    Err(error) => tracing::error!(%error, "the old certificates stay"),
                },
                _ = look.tick() => if self.thread.is_finished() {
                    return Ok(());
                },
            }
        }
    }
}

/// What one listener is for.
struct Place {
    address: SocketAddr,
    style: Style,
    routes: &'static [Route],
}

impl Place {
    fn tls(&self, shown: &Shown, clients: ClientCertificates) -> Result<ServerConfig, ServeError> {
        shown
            .server_config(clients)
            .map_err(|source| ServeError::Tls {
                address: self.address,
                source,
            })
    }

    fn serve(
        self,
        settings: &Settings,
        shared: web::Data<Shared>,
        listener: TcpListener,
        tls: Option<ServerConfig>,
    ) -> Result<Server, ServeError> {
        let Self {
            address,
            style,
            routes,
        } = self;
        let connections = usize::try_from(settings.limits.connections).unwrap_or(usize::MAX);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .configure(|config| mount(config, routes))
                .wrap(from_fn(move |request, next| frame(style, request, next)))
        })
        .on_connect(keep_client_certificate)
        // Threads are made when they are needed. Uploads block theirs for as long as the client takes.
        .worker_max_blocking_threads(settings.limits.threads())
        .client_request_timeout(settings.limits.head_within)
        .max_connections(connections)
        .shutdown_timeout(settings.stop_within.as_secs())
        .disable_signals();
        let listening = match tls {
            Some(tls) => server.listen_rustls_0_23(listener, tls),
            None => server.workers(1).listen(listener),
        };
        Ok(listening
            .map_err(|source| ServeError::Listen { address, source })?
            .run())
    }
}

/// Keeps the client's certificate where handlers find it.
fn keep_client_certificate(connection: &dyn Any, data: &mut Extensions) {
    let certificate = connection
        .downcast_ref::<TlsStream<TcpStream>>()
        .and_then(|stream| stream.get_ref().1.peer_certificates())
        .and_then(<[_]>::first);
    if let Some(certificate) = certificate {
        data.insert(ClientCertificate(certificate.to_vec()));
    }
}

fn ended(thread: JoinHandle<Result<(), ServeError>>) -> Result<(), ServeError> {
    thread
        .join()
        .unwrap_or_else(|_| Err(ServeError::Ended(io::Error::other("a thread panicked"))))
}

fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).map_err(|source| ServeError::Listen { address, source })
}

fn shown(listener: &TlsListener) -> Result<Shown, ServeError> {
    Shown::read(listener).map_err(|source| ServeError::Tls {
        address: listener.address,
        source,
    })
}

fn address(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}
