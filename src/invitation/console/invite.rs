//! "Invite customer" (R26–R49): the form of one identity store, with the resulting groups before anything is sent.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::TimeDelta;
use serde::Deserialize;

use super::detail::{link_page, revealed};
use super::{require, stores, union};
use crate::access::{Permission, Role};
use crate::app::{Admin, App};
use crate::application::{ApplicationId, Choice as Invitable, NotInvitable};
use crate::console::frame;
use crate::group::{self, Group, GroupId};
use crate::identity::{self, IdentifierKind, IdentityStore, Profile, StoreId};
use crate::invitation::form::ATTRIBUTE;
use crate::invitation::{Appoints, Inviter, NewInvitation, Refused, Sending, issue};
use crate::kit::{EmailAddress, Failed, FieldProblem, Internal, PageRequest, Refusal as _};
use crate::web::page::{
    ApplicationChoice, Choice, Field, GroupChoice, InviteForm, Problem, problems_of,
};
use crate::web::{Brand, Failure, Form, Locale, PageFailure, Query};

const LIFETIMES: [(i64, &str); 5] = [
    (1, "1 hour"),
    (24, "1 day"),
    (72, "3 days"),
    (168, "7 days"),
    (720, "30 days"),
];
const USUAL_LIFETIME: i64 = 168;
/// What the form offers to pre-fill; the API takes every standard claim.
const OFFERED: [&str; 3] = ["given_name", "family_name", "phone_number"];

/// What an administrator typed.
#[derive(Default, Deserialize)]
pub(super) struct Typed {
    store: Option<StoreId>,
    #[serde(default)]
    application: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    locale: String,
    #[serde(default)]
    lifetime_hours: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    groups: Vec<GroupId>,
    #[serde(default)]
    submit: String,
    #[serde(flatten)]
    fields: BTreeMap<String, String>,
}

/// What there is to choose from.
struct World {
    stores: Vec<IdentityStore>,
    groups: Vec<Group>,
    store: IdentityStore,
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    store: Option<StoreId>,
}

pub(super) async fn form(
    State(app): State<App>,
    admin: Admin,
    Query(chosen): Query<Chosen>,
) -> Result<Response, PageFailure> {
    admin.must(Permission::InvitationsWrite)?;
    let typed = Typed {
        store: chosen.store,
        ..Typed::default()
    };
    let world = World::read(&app, &admin, typed.store).await?;
    page(&app, &admin, &world, &typed, Vec::new()).await
}

pub(super) async fn submit(
    State(app): State<App>,
    admin: Admin,
    Form(typed): Form<Typed>,
) -> Result<Response, PageFailure> {
    admin.must(Permission::InvitationsWrite)?;
    let world = World::read(&app, &admin, typed.store).await?;
    if typed.submit == "preview" {
        return page(&app, &admin, &world, &typed, Vec::new()).await;
    }
    let sending = if typed.submit == "link" {
        Sending::LinkOnly
    } else {
        Sending::Letter
    };
    if sending == Sending::LinkOnly {
        admin.must(Permission::InvitationsLink)?;
    }
    let new = match wish(&world, &typed, sending) {
        Ok(new) => new,
        Err(problems) => return refuse(&app, &admin, &world, &typed, &problems).await,
    };
    require(&admin, &app, new.application, Permission::InvitationsWrite)?;
    let (moment, catalogue, inviter) = (
        app.moment(),
        app.catalogue.current(),
        inviter(&app, &admin).await?,
    );
    let desk = app.desk(&catalogue);
    let issued = app
        .db
        .write(async |tx| {
            let issued = issue::issue(tx, &desk, &moment, (inviter, appoints(&admin)), new).await?;
            if sending == Sending::LinkOnly {
                revealed(tx, &moment, &admin.actor(), issued.invitation.id).await?;
            }
            Ok::<_, Failed<Refused>>(issued)
        })
        .await;
    match issued {
        Ok(issued) if sending == Sending::LinkOnly => link_page(&app, &admin, &issued).await,
        Ok(issued) => {
            let id = issued.invitation.id.to_string();
            Ok(Redirect::to(&app.links.console_invitation_after(&id, "sent")).into_response())
        }
        Err(Failed::Refused(refused)) => {
            let problems = problems(&refused);
            refuse(&app, &admin, &world, &typed, &problems).await
        }
        Err(Failed::Internal(internal)) => Err(internal.into()),
    }
}

pub(super) fn appoints(admin: &Admin) -> Appoints {
    match admin.role {
        Role::GlobalAdministrator => Appoints::Administrators,
        _ => Appoints::Nobody,
    }
}

/// At the fields, as the form names them; what is about no field stands at the address.
fn problems(refused: &Refused) -> Vec<FieldProblem> {
    let mut problems = refused.fields();
    if problems.is_empty() {
        let (code, sentence) = (refused.code(), refused.sentence());
        problems.push(FieldProblem::new("email", code, sentence));
    }
    for problem in &mut problems {
        problem.field = problem.field.replace('/', ".");
    }
    problems
}

/// The administrator, as the letter names them.
pub(super) async fn inviter(app: &App, admin: &Admin) -> Result<Inviter, Internal> {
    let identity = admin.identity;
    let me: Result<_, Internal> = app
        .db
        .read(async |tx| identity::find(tx, identity).await)
        .await;
    let me = me?;
    Ok(Inviter {
        name: me
            .as_ref()
            .map(identity::Identity::display_name)
            .unwrap_or_default(),
        actor: admin.actor(),
        email: me.as_ref().and_then(|me| me.email()?.0.parse().ok()),
    })
}

fn wish(
    world: &World,
    typed: &Typed,
    sending: Sending,
) -> Result<NewInvitation, Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let email = typed.email.parse::<EmailAddress>();
    let email = email
        .map_err(|error| problems.push(FieldProblem::new("email", "malformed", error.to_string())));
    let application = typed.application.parse::<ApplicationId>();
    let application = application.map_err(|_| {
        problems.push(FieldProblem::new(
            "application",
            "required",
            "Choose an application.",
        ));
    });
    let (attributes, claims): (BTreeMap<_, _>, BTreeMap<_, _>) = typed
        .fields
        .clone()
        .into_iter()
        .partition(|(name, _)| name.starts_with(ATTRIBUTE));
    let profile = Profile::parse(claims).map_err(|found| problems.extend(found));
    let texts = attributes
        .into_iter()
        .filter_map(|(name, text)| Some((name.strip_prefix(ATTRIBUTE)?.to_owned(), text)));
    let attributes = identity::Attributes::parse_form(&world.store.attributes, texts.collect())
        .map_err(|found| {
            problems.extend(found.into_iter().map(|problem| FieldProblem {
                field: format!("{ATTRIBUTE}{}", problem.field),
                ..problem
            }));
        });
    match (email, application, profile, attributes) {
        (Ok(email), Ok(application), Ok(profile), Ok(attributes)) if problems.is_empty() => {
            Ok(NewInvitation {
                store: world.store.id,
                application,
                email,
                groups: typed.groups.clone(),
                profile,
                attributes: attributes
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.clone()))
                    .collect(),
                locale: Locale::choose([typed.locale.as_str()]),
                message: Some(typed.message.clone()),
                lifetime: TimeDelta::hours(typed.lifetime_hours.parse().unwrap_or(USUAL_LIFETIME)),
                sending,
            })
        }
        _ => Err(problems),
    }
}

impl World {
    async fn read(app: &App, admin: &Admin, wanted: Option<StoreId>) -> Result<Self, PageFailure> {
        let request = PageRequest {
            after: None,
            limit: 200,
        };
        let read: Result<_, Internal> = app
            .db
            .read(async |tx| {
                Ok((
                    identity::list_stores(tx).await?,
                    group::list(tx, &request).await?.items,
                ))
            })
            .await;
        let (stores, groups) = read?;
        let mut stores = stores::arranged(app, stores);
        stores.retain(|store| stores::may_invite_into(app, admin, store));
        let store = stores::chosen(app, &stores, wanted).ok_or_else(Failure::not_found)?;
        Ok(Self {
            store: store.clone(),
            stores,
            groups,
        })
    }
}

async fn refuse(
    app: &App,
    admin: &Admin,
    world: &World,
    typed: &Typed,
    problems: &[FieldProblem],
) -> Result<Response, PageFailure> {
    let page = page(app, admin, world, typed, problems_of(problems)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn page(
    app: &App,
    admin: &Admin,
    world: &World,
    typed: &Typed,
    problems: Vec<Problem>,
) -> Result<Response, PageFailure> {
    let catalogue = app.catalogue.current();
    let applications = catalogue.choices(world.store.id);
    let assigned = typed
        .application
        .parse()
        .map(|id| catalogue.groups_of(id).to_vec());
    let assigned: BTreeSet<String> = assigned
        .unwrap_or_default()
        .into_iter()
        .map(|it| it.name)
        .collect();
    let store = |it: &IdentityStore| choice(&it.id.to_string(), &it.name, it.id == world.store.id);
    let page = InviteForm {
        me: frame(app, admin).await?,
        stores: world.stores.iter().map(store).collect(),
        store: world.store.id.to_string(),
        applications: applications
            .iter()
            .map(|it| application(it, typed))
            .collect(),
        email: typed.email.clone(),
        email_becomes_identifier: world.store.supports(IdentifierKind::Email),
        fields: fields(&world.store, typed),
        groups: world
            .groups
            .iter()
            .map(|it| group_choice(it, typed))
            .collect(),
        resulting: union(&names_of(world, typed), &assigned),
        locales: Locale::all()
            .iter()
            .map(|it| chosen(&it.to_string(), &typed.locale))
            .collect(),
        lifetimes: LIFETIMES
            .iter()
            .map(|(hours, label)| lifetime(*hours, label, typed))
            .collect(),
        message: typed.message.clone(),
        may_create_link: admin.may(Permission::InvitationsLink),
        problems,
    };
    admin
        .hosted
        .page(app, &admin.hosted.shell(Brand::default()), &page)
}

fn choice(value: &str, label: &str, chosen: bool) -> Choice {
    Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen,
    }
}

fn chosen(value: &str, typed: &str) -> Choice {
    choice(value, value, value == typed)
}

fn lifetime(hours: i64, label: &str, typed: &Typed) -> Choice {
    let wanted = typed.lifetime_hours.parse().unwrap_or(USUAL_LIFETIME);
    choice(&hours.to_string(), label, hours == wanted)
}

/// R32: what can't be chosen is shown with the reason.
fn application(it: &Invitable, typed: &Typed) -> ApplicationChoice {
    let id = it.application.id.to_string();
    ApplicationChoice {
        chosen: id == typed.application,
        id,
        name: it.application.name.clone(),
        disabled: it
            .disabled
            .as_ref()
            .map(|NotInvitable::ProtocolUnsupported| "saml_only".to_owned()),
    }
}

fn group_choice(it: &Group, typed: &Typed) -> GroupChoice {
    GroupChoice {
        id: it.id.to_string(),
        name: it.name.clone(),
        chosen: typed.groups.contains(&it.id),
    }
}

fn fields(store: &IdentityStore, typed: &Typed) -> Vec<Field> {
    let value = |name: &str| typed.fields.get(name).cloned().unwrap_or_default();
    let claims = OFFERED.iter().map(|name| Field::claim(name, value(name)));
    let attributes = store.attributes.iter().map(|it| {
        let name = format!("{ATTRIBUTE}{}", it.name);
        crate::invitation::pages::attribute_field(it, &value(&name))
    });
    claims.chain(attributes).collect()
}

/// The names of the groups that were chosen.
fn names_of(world: &World, typed: &Typed) -> BTreeSet<String> {
    let groups = world.groups.iter();
    let chosen = groups.filter(|it| typed.groups.contains(&it.id));
    chosen.map(|it| it.name.clone()).collect()
}
