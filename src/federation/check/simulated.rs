//! Checks that ask nobody: for trying onboarding out without a provider's interfaces.
//!
//! Whoever reads their proofs sees that nothing was verified.

use super::{
    AdministratorCheck, Asked, How, LicenceCheck, Organization, OrganizationLookup, Person, Proof,
    Remedy, Unproven, Verdict,
};

/// What the checks answer, whoever signs in.
#[derive(Debug, Clone)]
pub struct Simulated {
    pub administrator: Verdict,
    pub licence: Verdict,
    /// `None`: it can't be found out.
    pub organization: Option<Organization>,
}

impl Simulated {
    fn how() -> How {
        How::Statement {
            by: "the simulation".to_owned(),
        }
    }

    fn proof(verdict: Verdict) -> Proof {
        Proof {
            how: Self::how(),
            verdict,
            detail: "simulated, nothing was verified".to_owned(),
        }
    }
}

impl AdministratorCheck for Simulated {
    fn administrator<'a>(&'a self, _: &'a Person<'a>) -> Asked<'a, Proof> {
        Box::pin(std::future::ready(Self::proof(self.administrator)))
    }
}

impl LicenceCheck for Simulated {
    fn licence<'a>(&'a self, _: &'a Person<'a>) -> Asked<'a, Proof> {
        Box::pin(std::future::ready(Self::proof(self.licence)))
    }
}

impl OrganizationLookup for Simulated {
    fn organization<'a>(&'a self, _: &'a Person<'a>) -> Asked<'a, Result<Organization, Unproven>> {
        let found = self.organization.clone().ok_or_else(|| Unproven {
            how: Self::how(),
            remedy: Remedy::StateIt,
            detail: "simulated, nothing is known".to_owned(),
        });
        Box::pin(std::future::ready(found))
    }
}
