### Words of the letters. Names stand in variables; nothing here is markup.

## Every letter

letter-button-broken = If the button does not work, open this address in your browser:
letter-footer = Sent by { $application } to { $recipient }. Nobody reads answers to this address.
letter-details = See the invitation

## Invitation: to the invitee

letter-invitation-subject = { $inviter } invited you to { $application }
letter-invitation-title = You are invited to { $application }
letter-invitation-lead = { $inviter } invited you to create your account.
letter-invitation-message = { $inviter } writes:
letter-invitation-button = Accept the invitation
letter-invitation-until = The link works until { $time }. Looking at it does not use it up.
letter-invitation-code = On another device? Enter this code together with your address:
letter-invitation-code-page = Enter the code here:
letter-invitation-unexpected = You did not expect this? Then do nothing: without you there is no account. The page behind the link also lets you decline or report the invitation.

## Address code: to an address that has to be proven

letter-address-code-subject = { $code } is your code for { $application }
letter-address-code-title = Your code for { $application }
letter-address-code-lead = Enter this code on the page that you came from, to show that this address is yours:
letter-address-code-until = It works until { $time }.
letter-address-code-unexpected = You did not ask for a code? Then somebody mistyped an address. Do nothing, and tell nobody the code.

## Recovery: to somebody who forgot their password

letter-recovery-subject = Choose a new password for { $application }
letter-recovery-title = Choose a new password
letter-recovery-lead = Somebody, probably you, asked for a new password for { $application }.
letter-recovery-button = Choose a new password
letter-recovery-until = The link works once, until { $time }.
letter-recovery-unexpected = It was not you? Then do nothing: your password stays as it is.

## Password changed

letter-password-changed-subject = Your password for { $application } was changed
letter-password-changed-title = Your password was changed
letter-password-changed-lead = The password that you sign in to { $application } with was changed on { $time }.
letter-password-changed-unexpected = It was not you? Then choose a new password at once. That also signs out everybody who is signed in with your account.
letter-password-changed-button = It was not me

## Something to sign in with came or went: to its owner

letter-method-button = See what I sign in with
letter-method-added-subject = { $connection } can sign in to your { $application } account
letter-method-added-title = A sign-in method was added
letter-method-added-lead = Since { $time }, the { $connection } account { $label } signs in to your account for { $application }.
letter-method-added-unexpected = It was not you? Then remove it at once, and choose a new password if you have one.
letter-method-removed-subject = { $connection } was removed from your { $application } account
letter-method-removed-title = A sign-in method was removed
letter-method-removed-lead = Since { $time }, the { $connection } account { $label } does not sign in to your account for { $application } any more.
letter-method-removed-unexpected = It was not you? Then look at what is left, and tell the people who run it.

## Recovery of an account without a password: to its owner

letter-methods-subject = How you sign in to { $application }
letter-methods-title = You sign in without a password
letter-methods-lead = Somebody, probably you, asked for a new password for { $application }. Your account has none. You sign in with:
letter-methods-button = Sign in
letter-methods-unexpected = It was not you? Then do nothing: your account stays as it is.

## Fresh link asked: to the inviter

letter-fresh-link-asked-subject = { $invitee } asks for a new link to { $application }
letter-fresh-link-asked-title = A new link is wanted
letter-fresh-link-asked-lead = The link in your invitation of { $invitee } to { $application } does not work any more, and they asked for a new one.
letter-fresh-link-asked-next = We sent one to that address. Revoke the invitation if it is not wanted any more.

## Another address waits for approval: to the inviter

letter-address-waiting-subject = { $invitee } wants to use another address for { $application }
letter-address-waiting-title = An address waits for your approval
letter-address-waiting-lead = You invited { $invitee } to { $application }. They want their account to use { $address } instead, and have shown that it is theirs.
letter-address-waiting-next = Approve it if you know that it belongs to them. Then they can finish with the link they have; until then they have no account.

## Delivery failed: to the inviter

letter-delivery-failed-subject = Your invitation did not reach { $invitee }
letter-delivery-failed-title = Your invitation did not arrive
letter-delivery-failed-lead = The letter that invites { $invitee } to { $application } could not be delivered.
letter-delivery-failed-answer = What the mail server said:
letter-delivery-failed-next = Check the address and invite again, or copy the link of the invitation and send it yourself.

## Declined: to the inviter

letter-declined-subject = { $invitee } { $how ->
        [reported] did not expect your invitation
       *[declined] declined your invitation
    }
letter-declined-title = { $how ->
        [reported] Your invitation was reported
       *[declined] Your invitation was declined
    }
letter-declined-lead = { $how ->
        [reported] { $invitee } says that the invitation to { $application } was not expected. Perhaps the address is wrong.
       *[declined] { $invitee } does not want an account in { $application }.
    }
letter-declined-reason = In their words:
letter-declined-next = The link does not work any more. Nothing was created.

## A secret at an identity provider expires: to administrators

letter-secret-expires-subject = The secret of { $connection } { $over ->
        [yes] has expired
       *[no] expires soon
    }
letter-secret-expires-title = { $over ->
        [yes] A secret has expired
       *[no] A secret expires soon
    }
letter-secret-expires-lead = { $over ->
        [yes] The secret of the connection { $connection } expired on { $time }. Nobody can sign in there any more.
       *[no] The secret of the connection { $connection } expires on { $time }. From then on nobody can sign in there.
    }
letter-secret-expires-next = Make a new secret on the provider's pages and save it here together with its own date. The old one may be deleted there afterwards.
