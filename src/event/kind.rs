//! The kinds of events and their stable texts.

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $text:literal),+ $(,)?) => {
        /// What can happen. The texts are part of the management API: a webhook's receiver matches on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $name),+ }

        impl Kind {
            /// Every kind, for documentation and for checking a webhook's selection.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As it is stored and sent.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

kinds! {
    InvitationCreated "invitation.created",
    InvitationOpened "invitation.opened",
    InvitationStarted "invitation.started",
    InvitationAccepted "invitation.accepted",
    InvitationDeclined "invitation.declined",
    InvitationReported "invitation.reported",
    InvitationExpired "invitation.expired",
    InvitationResent "invitation.resent",
    InvitationRevoked "invitation.revoked",
    /// The invitee has proven another address, and waits for somebody to agree (R38).
    InvitationAddressWaiting "invitation.address_waiting",
    InvitationAddressApproved "invitation.address_approved",
    /// Somebody saw the link itself (R133).
    InvitationLinkRevealed "invitation.link_revealed",
    InvitationFreshLinkAsked "invitation.fresh_link_asked",
    /// The mail server has the letter.
    InvitationSent "invitation.sent",
    InvitationDeliveryFailed "invitation.delivery_failed",
    LetterFailed "letter.failed",
    StoreCreated "store.created",
    StoreUpdated "store.updated",
    IdentityCreated "identity.created",
    IdentityUpdated "identity.updated",
    IdentityDisabled "identity.disabled",
    IdentityEnabled "identity.enabled",
    IdentityAccountLinked "identity.account_linked",
    IdentityAccountUnlinked "identity.account_unlinked",
    MembershipAdded "membership.added",
    MembershipRemoved "membership.removed",
    GroupCreated "group.created",
    GroupUpdated "group.updated",
    GroupDeleted "group.deleted",
    ApplicationCreated "application.created",
    ApplicationUpdated "application.updated",
    ApplicationDeleted "application.deleted",
    ApplicationGroupsChanged "application.groups_changed",
    ClientCreated "client.created",
    ClientUpdated "client.updated",
    ClientDeleted "client.deleted",
    ClientSecretAdded "client.secret_added",
    ClientSecretRemoved "client.secret_removed",
    ConnectionCreated "connection.created",
    ConnectionUpdated "connection.updated",
    ConnectionEnabled "connection.enabled",
    ConnectionDisabled "connection.disabled",
    ConnectionDeleted "connection.deleted",
    ConnectionSecretReplaced "connection.secret_replaced",
    /// It will, soon, or it has.
    ConnectionSecretExpires "connection.secret_expires",
    SessionStarted "session.started",
    SessionEnded "session.ended",
    /// An application was not told that a session has ended.
    LogoutUndelivered "session.logout_undelivered",
    SignInFailed "session.sign_in_failed",
    SignInThrottled "session.sign_in_throttled",
    /// A provider sent somebody back without proof, or with one that isn't admitted.
    ExternalSignInFailed "connection.sign_in_failed",
    /// Operators have to act: our registration is wrong, or the provider isn't to be believed.
    ConnectionTroubled "connection.troubled",
    PasswordChanged "password.changed",
    RecoveryRequested "recovery.requested",
    ConsentGiven "consent.given",
    ConsentDenied "consent.denied",
    ConsentWithdrawn "consent.withdrawn",
    GrantRevoked "grant.revoked",
    TokenReuseDetected "token.reuse_detected",
    CodeReuseDetected "code.reuse_detected",
    KeyCreated "key.created",
    KeyRotated "key.rotated",
    KeyRetired "key.retired",
    AdministratorAdded "administrator.added",
    AdministratorChanged "administrator.changed",
    AdministratorRemoved "administrator.removed",
    WebhookCreated "webhook.created",
    WebhookUpdated "webhook.updated",
    WebhookDeleted "webhook.deleted",
    WebhookDeliveryFailed "webhook.delivery_failed",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Kind;

    #[test]
    fn every_kind_has_a_text_of_its_own() {
        let texts: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(texts.len(), Kind::ALL.len());
        let shape = |text: &&str| {
            text.split('.').count() == 2
                && text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'_')
        };
        assert!(texts.iter().all(shape));
    }
}
