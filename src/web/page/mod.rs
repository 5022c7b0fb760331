//! One struct of plain data per page; the nouns' edges fill them, `templates/pages` shows them.
//!
//! Everything is decided before: a page compares nothing with the clock and asks no store.

mod account;
mod console;
mod form;
mod invitation;
mod mailbox;
mod outcome;
mod provider;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use account::{
    Account, AccountChoice, AccountNotice, ChooseAccount, ConfirmLogout, Consent, External,
    ForgottenPassword, FormPost, Hidden, LinkAccount, LinkedRow, NoAccount, NoAccountReason,
    ProviderButton, ProviderExit, RecoveryMailSent, ResetPassword, SignIn, SignedOut,
};
pub use console::{
    AccountDetail, AccountGroup, AccountIdentifier, AccountList, AccountRow, Administrator,
    ApplicationChoice, Chip, ConsoleHome, ConsoleRefused, DeliveryFacts, GroupChoice,
    InvitationDetail, InvitationLinkOnce, InvitationList, InvitationRow, InviteForm, NextSteps,
    OtherAddress, ResultingGroup, Step, StepState,
};
pub use form::{Choice, Control, Field, OtherValue, PasswordField, Problem, problems_of};
pub use invitation::{
    DeclineInvitation, Declined, DifferentAccount, EnterCode, FreshLinkAsked, IdentifierRule,
    InvitationEnd, InvitationEnded, InvitationLanding, SignUp, VerifyAddress, Welcome,
};
pub use mailbox::{LetterRow, LetterView, Mailbox};
pub use outcome::{ErrorPage, NotFound, TooManyAttempts};
pub use provider::ProviderTrouble;
