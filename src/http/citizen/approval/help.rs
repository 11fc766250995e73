//! `GET /r/{link}/help/{topic}`: something is in the way of approving; the request itself is still open.

use actix_web::{HttpResponse, web};

use super::Opened;
use crate::domain::request::RequestState;
use crate::http::Problem;
use crate::http::citizen::obstacle::Obstacle;
use crate::http::citizen::visit::Visit;
use crate::http::error::Code;

/// What happened and what to do next, with the way back to the request.
pub(in crate::http::citizen) async fn help(
    visit: Visit,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (link, topic) = path.into_inner();
    // First, so that an unknown topic is told in the request's language.
    let opened = Opened::of(&visit, &link).await?;
    let obstacle = Obstacle::named(&topic)?;
    if opened.view.state != RequestState::Pending {
        return Ok(visit.go(&opened.address("")));
    }
    opened.obstacle(visit, Code::WrongState, obstacle)
}
