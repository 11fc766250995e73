//! What handlers share.

use super::blocking::Gate;
use super::error::Code;
use super::origin::Origin;
use super::problem::Problem;
use super::rate::Rates;
use super::shares::{Share, Shares};
use super::{Limits, Proxies, Settings};
use crate::domain::id::AppId;
use crate::service::{Service, ServiceError};

/// The use cases, and the bounds on using them. Each listener has one of its own, so that a crowd at one of them takes
/// no places from the others. Handlers get it as `web::Data<Shared>`.
pub struct Shared {
    service: Service,
    calls: Gate,
    uploads: Gate,
    shares: Shares,
    pub(super) app_rates: Rates<AppId>,
    pub(super) origin_rates: Rates<Origin>,
    pub(super) proxies: Proxies,
    pub(super) limits: Limits,
    help_desk: Option<String>,
}

impl Shared {
    pub(super) fn new(service: Service, settings: &Settings) -> Self {
        let limits = &settings.limits;
        Self {
            service,
            calls: Gate::new(limits.calls_at_once, limits.calls_waiting),
            uploads: Gate::new(limits.uploads_at_once, 0),
            shares: Shares::new(limits.uploads_per_app),
            app_rates: Rates::new(limits.calls_per_minute, limits.burst),
            origin_rates: Rates::new(limits.place_per_minute, limits.place_burst),
            proxies: settings.citizen_proxies.clone(),
            limits: limits.clone(),
            help_desk: settings.help_desk.clone(),
        }
    }

    /// Among how many nodes the limits on calls are shared.
    pub(super) fn nodes(&self) -> u32 {
        self.service.nodes()
    }

    /// Calls a use case; 503 when too many are under way.
    pub async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Service) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, Problem> {
        let service = self.service.clone();
        Ok(self.calls.run(move || call(&service)).await??)
    }

    /// Calls a use case whose refusals the handler answers itself.
    pub async fn attempt<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Service) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<Result<T, ServiceError>, Problem> {
        let service = self.service.clone();
        self.calls.run(move || call(&service)).await
    }

    /// A place for one more upload of an app; 429 when it has too many under way. Taken before a byte of it is read.
    pub(super) fn share(&self, app: AppId) -> Result<Share, Problem> {
        self.shares.take(app).ok_or_else(|| {
            Problem::new(Code::RateLimited)
                .with_detail("Too many uploads of this app are under way. Wait for one to end.")
        })
    }

    /// Calls a use case that receives documents from an app while it runs.
    pub(super) async fn run_upload<T: Send + 'static>(
        &self,
        share: Share,
        call: impl FnOnce(&Service) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, Problem> {
        let service = self.service.clone();
        let work = move || {
            let _kept = share;
            call(&service)
        };
        Ok(self.uploads.run(work).await??)
    }

    /// Whom citizens are told to ask.
    pub(super) fn help_desk(&self) -> Option<&str> {
        self.help_desk.as_deref()
    }

    /// The use cases, for what does not block.
    pub(super) fn service(&self) -> &Service {
        &self.service
    }
}
