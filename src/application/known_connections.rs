//! Whether the connections exist that a policy names.
//!
//! Whether they are enabled doesn't matter: an operator disables one for a while and changes no policy for that.

use super::{Refused, SelfServicePolicy, store};
use crate::db::Tx;
use crate::kit::{Failed, FieldProblem};

pub(super) async fn check(tx: &mut Tx, policy: &SelfServicePolicy) -> Result<(), Failed<Refused>> {
    let mut problems = Vec::new();
    for (at, name) in policy.connections.iter().enumerate() {
        let Ok(id) = name.parse() else { continue };
        if !store::connection_exists(tx, id).await? {
            problems.push(FieldProblem::new(
                format!("policy/connections/{at}"),
                "unknown_connection",
                "There is no such connection.",
            ));
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Failed::Refused(Refused::Fields(problems)))
}
