//! The administrators' console: its frame, its first page, and the merged routes of every noun's `console`.
//!
//! Holds no rule: what an administrator may do stands in `access`, what it does in the nouns.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use crate::access::{Permission, Role};
use crate::app::{Admin, App};
use crate::db::Tx;
use crate::invitation::list::{self, Filter};
use crate::invitation::{self, Status};
use crate::kit::{Internal, PageRequest};
use crate::web::page::{Administrator, Chip, ConsoleHome, NextSteps};
use crate::web::{Brand, PageFailure, path};
use crate::{application::Purpose, identity};

pub fn routes() -> Router<App> {
    Router::new()
        .route(path::CONSOLE, get(home))
        .merge(identity::console::routes())
        .merge(invitation::console::routes())
}

async fn home(State(app): State<App>, admin: Admin) -> Result<Response, PageFailure> {
    let page = PageRequest {
        limit: 8,
        ..PageRequest::first()
    };
    let (moment, filter) = (app.moment(), Filter::default());
    let sees = admin.may(Permission::InvitationsRead);
    let read: Result<_, Internal> = app
        .db
        .read(async |tx| {
            if !sees {
                return Ok((Vec::new(), Vec::new()));
            }
            let latest = list::list(tx, &moment, &filter, &page).await?.items;
            let rows = invitation::console::rows(tx, &app, &latest).await?;
            Ok((rows, tiles(tx, &app).await?))
        })
        .await;
    let (latest, counts) = read?;
    let catalogue = app.catalogue.current();
    let mut products = catalogue
        .applications()
        .iter()
        .filter(|it| it.purpose == Purpose::Product);
    let page = ConsoleHome {
        me: frame(&app, &admin).await?,
        counts,
        next: NextSteps {
            has_application: products.next().is_some(),
            has_invitation: !latest.is_empty(),
        },
        latest,
    };
    admin
        .hosted
        .page(&app, &admin.hosted.shell(Brand::default()), &page)
}

/// How many invitations stand where; each leads to its list.
async fn tiles(tx: &mut Tx, app: &App) -> Result<Vec<Chip>, Internal> {
    let mut tiles = Vec::new();
    for status in Status::LISTED {
        let filter = [("status", status.as_str())];
        tiles.push(Chip {
            status: status.as_str().to_owned(),
            url: app.links.console_invitations_where(&filter),
            count: Some(list::count(tx, status).await?),
            current: false,
        });
    }
    Ok(tiles)
}

/// What stands around every console page.
pub async fn frame(app: &App, admin: &Admin) -> Result<Administrator, Internal> {
    let identity = admin.identity;
    let read: Result<_, Internal> = app
        .db
        .read(async |tx| {
            let me = identity::find(tx, identity).await?;
            Ok((me, list::count(tx, Status::Pending).await?))
        })
        .await;
    let (me, pending) = read?;
    let catalogue = app.catalogue.current();
    let mut applications = catalogue.applications().iter();
    let console = applications.find(|it| it.purpose == Purpose::Console);
    let client = console.and_then(|it| catalogue.client_of(it.id));
    let client_id = client.map(|it| it.id.to_string());
    Ok(Administrator {
        name: me.map(|me| me.display_name()).unwrap_or_default(),
        role: in_words(admin.role).to_owned(),
        sees_accounts: admin.may(Permission::IdentitiesRead),
        sees_invitations: admin.may(Permission::InvitationsRead),
        may_invite: admin.may(Permission::InvitationsWrite),
        pending,
        logout_url: app.links.logout(),
        client_id: client_id.unwrap_or_default(),
    })
}

const fn in_words(role: Role) -> &'static str {
    match role {
        Role::GlobalAdministrator => "Global Administrator",
        Role::SupportReadWrite => "Support Administrator (read and write)",
        Role::SupportReadOnly => "Support Administrator (read-only)",
        Role::ApplicationAdministrator => "Application Administrator",
        Role::Auditor => "Auditor",
    }
}
