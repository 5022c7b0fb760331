# Signing in, recovering, consenting, signing out.

sign-in-title = Sign in to { $app }
forgotten-link = Forgotten your password?

continue-with = Continue with { $provider }
or = or
sign-in-by-domain = No password? Enter your work address alone, and we take you to where you sign in.
sign-in-waiting = Sign in to your account, and we connect this one to it:

no-account-title-unknown = No account here yet
no-account-title-wrong_address = That is another account
no-account-lead-unknown = { $account } does not sign in to { $app } yet. Nothing was created.
no-account-lead-wrong_address = The invitation is for { $invited }, and you came with { $account }. Nothing was created, and the invitation is still good.
no-account-connect = Sign in to my account and connect it
no-account-form = Fill in the form instead
no-account-other = or use another account
no-account-fine-unknown = New here? Ask the people who run { $app } to invite you.
no-account-fine-wrong_address = Should it be this address? Ask who invited you for an invitation to it.

connect-title = Connect { $provider }?
connect-lead = From then on, you sign in to { $app } with either.
connect-yours = Your account
connect-submit = Connect
connect-skip = Not now
connect-fine = We mail you when something is connected. You can remove it at any time.

account-title = How you sign in
account-password = Password
account-password-set = Set
account-password-change = Change
account-used = used { $date }
account-off = switched off at the moment
account-unlink = Remove
account-unlink-named = Remove { $account } at { $provider }
account-only = The only one
account-connect = Connect another account
account-fine = We mail you when something is added or removed.
account-home = Back to { $app }
account-notice-unlinked = Removed. It does not sign in to your account any more.

forgotten-title = Forgotten your password?
forgotten-lead = Tell us what you sign in with, and we mail you a link to choose a new password.
forgotten-username = E-mail or username
forgotten-submit = Send me a link
recovery-title = Look into your mail
recovery-lead = If there is an account for { $username }, a link to choose a new password is on its way. It works for { $minutes } minutes.
reset-title = Choose a new password
reset-lead = For { $username }.
reset-submit = Save password
reset-fine = All other browsers are signed out.

choose-title = Choose an account
choose-lead = To go on to { $app }.
choose-other = Use another account

consent-title = Share with { $app }?
consent-lead = You are signed in as { $account }. { $app } asks for this:
consent-allow = Allow
consent-deny = Deny
consent-fine = If you deny, you go back to { $app } and it learns nothing.
scope-openid = Recognise you when you come back
scope-profile = Your name and profile
scope-email = Your e-mail address
scope-phone = Your phone number
scope-address = Your postal address
scope-groups = The groups you are in
scope-offline_access = Stay connected when you are away

form-post-title = Back to { $app }
form-post-lead = If { $app } doesn’t open by itself, press the button.

logout-title = Sign out?
logout-lead = You are signed in as { $account }.
logout-lead-several = In this browser you are signed in with several accounts. All of them are signed out:
logout-submit = Sign out
logout-stay = Stay signed in
signed-out-title = You are signed out
signed-out-lead = This browser is signed out here. An application may have a session of its own; sign out there too.
provider-still-in = You may still be signed in at { $provider }. On a computer that others use, sign out there as well.
provider-sign-out = Sign out of { $provider }
still-in-title = You are still signed in
still-in-lead = Nothing was changed.

# What can be wrong with what somebody typed here.
problem-credentials_required = Fill in both fields.
problem-wrong_credentials = That doesn’t match. Check both fields, or choose a new password.
problem-too_many_attempts = Too many attempts from here. Wait a quarter of an hour, or choose a new password. Nothing was lost.
problem-busy = Many people are signing in just now. Nothing was lost: try again in a few seconds.
problem-recovery_link_over = That link was used already or is older than an hour, and your password is unchanged. Ask for a new link here.
problem-password_too_short = Use at least 10 characters. Three or four unrelated words are a good start.
problem-password_too_long = Use at most 256 characters.
problem-password_personal = This password is made of your name, your address or the like. Choose one that has nothing to do with you.
problem-identifier_taken = There is an account with this already. Sign in with it, or use another.
problem-no_provider_for_address = This address leads to none of the ways to sign in here. Choose one of the buttons.
problem-last_sign_in_method = This is the only thing you can sign in with. Connect another account first.
problem-account_not_linked = This account was removed already.
problem-external_sign_in_over = Your sign-in there is too long ago. Sign in once more; nothing was lost.
problem-external_account_linked = Somebody signs in here with that account already. Sign in with it, or choose another one.
problem-sign_in_method_not_allowed = There is no sign-up with a password here. Choose one of the buttons; nothing was lost.
