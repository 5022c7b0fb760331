//! People are added to groups and taken out by hand; who is in a group.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{GroupId, Reason, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Because, Failed, Id, Internal, Moment, Page, PageRequest, Refusal, kinds};

/// A person in a group.
#[derive(Debug, Clone)]
pub struct Member {
    pub identity: Id<kinds::Identity>,
    pub reasons: BTreeSet<Reason>,
    /// Of the first reason.
    pub since: DateTime<Utc>,
}

/// Why nobody is added or taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberRefused {
    NoSuchGroup,
    NoSuchIdentity,
    /// The person is not in the group.
    NotAMember,
}

impl Refusal for MemberRefused {
    fn because(&self) -> Because {
        Because::NotFound
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchGroup => "group_not_found",
            Self::NoSuchIdentity => "identity_not_found",
            Self::NotAMember => "not_a_member",
        }
    }

    fn sentence(&self) -> String {
        let sentence = match self {
            Self::NoSuchGroup => "There is no such group.",
            Self::NoSuchIdentity => "There is no such identity.",
            Self::NotAMember => "This person is not in the group.",
        };
        sentence.to_owned()
    }
}

/// Adds a person by hand. Adding somebody who is a member changes nothing visible: there is one more reason.
pub async fn add_member(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    (group, identity): (GroupId, Id<kinds::Identity>),
) -> Result<(), Failed<MemberRefused>> {
    if store::find(tx, group).await?.is_none() {
        return Err(Failed::Refused(MemberRefused::NoSuchGroup));
    }
    if crate::identity::find(tx, identity).await?.is_none() {
        return Err(Failed::Refused(MemberRefused::NoSuchIdentity));
    }
    let reason = (Reason::Manual, None);
    if store::insert_member(tx, (group, identity), reason, moment.now).await? == 1 {
        let data = json!({ "group": group, "reason": Reason::Manual });
        event::record(
            tx,
            moment,
            actor,
            Kind::MembershipAdded.about(identity, data),
        )
        .await?;
    }
    Ok(())
}

/// Takes a person out, whatever the reasons were; later sign-ins don't bring the membership back (R50).
pub async fn remove_member(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    (group, identity): (GroupId, Id<kinds::Identity>),
) -> Result<(), Failed<MemberRefused>> {
    if store::delete_member(tx, group, identity).await? == 0 {
        return Err(Failed::Refused(MemberRefused::NotAMember));
    }
    let data = json!({ "group": group });
    event::record(
        tx,
        moment,
        actor,
        Kind::MembershipRemoved.about(identity, data),
    )
    .await?;
    Ok(())
}

/// Who is in a group, newest identity first.
pub async fn members(
    tx: &mut Tx,
    group: GroupId,
    page: &PageRequest<kinds::Identity>,
) -> Result<Page<Member, kinds::Identity>, Internal> {
    let members = store::members(tx, group, page).await?;
    Ok(Page::cut(members, page, |member| member.identity))
}
