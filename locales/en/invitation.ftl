# What an invitee sees.

landing-title = { $inviter } invited you to { $app }
landing-for = For
landing-until = Open until
landing-nothing-yet = Next, you set up your account. Nothing is created until you finish.
landing-decline = Decline, or report this invitation

code-title = Enter your invitation code
code-lead = You find the code at the end of the invitation mail.
code-address = E-mail address that was invited
code-code = Code
code-hint = For example K7PX-29QD. Capitals and dashes don’t matter.

sign-up-title = Create your account
sign-up-lead-invited = { $inviter } invited you to { $app }. Check what is filled in, and choose a password.
sign-up-lead-open = A minute, and you are in { $app }.
sign-up-lead-external = { $inviter } invited you to { $app }. Check what is filled in; you need no password.
sign-up-lead-choose = { $inviter } invited you to { $app }. Choose with what you sign in.
sign-up-external = You sign in with:
or-form = or fill in the form
field-other = { $who } says: { $value }
sign-up-submit = Create account
sign-up-fine = Your account is created when you press the button, and { $app } opens.
locked-by = { $inviter } filled this in; it can’t be changed here.
locked = This can’t be changed here.
identifier-same = { $inviter } invited this address, so it can’t be changed.
identifier-same-domain = You may use another address of the same company. We check it with a code.
identifier-any-verified = You may use another address. We check it with a code.
identifier-any-with-approval = You may use another address. We check it with a code, and { $inviter } approves it.

verify-title = Check your mail
verify-lead = We sent a code to { $address }.
verify-why = The invitation went to { $invited }, so we make sure that this address is yours too.
verify-hint = The code works for { $minutes } minutes.
verify-submit = Confirm address
verify-again = Send a new code
verify-sent-again = A new code is on its way. The old one doesn’t work any more.
verify-back = Use another address

different-title = Someone else is signed in
different-lead = This invitation is for another account than the one signed in to this browser.
different-invited = Invited
different-signed-in = Signed in
different-switch = Go on as { $invited }
different-continue = Accept as { $account }
different-cancel = Cancel
different-fine = The invitation stays open, whatever you choose. “Go on” signs the other account out.

welcome-title = You are in
welcome-lead = Open { $app } on your device now; you are signed in.

ended-invited = { $inviter } invited you to { $app }.
ended-title-expired = This invitation has expired
ended-title-used = This invitation has been used
ended-title-revoked = This invitation is no longer valid
ended-title-declined = This invitation was declined
ended-title-superseded = There is a newer link
ended-title-unknown = We don’t know this link
ended-lead-expired = The link was open for a limited time. Nothing you entered was lost.
ended-lead-used = The account is set up already. Sign in with it to open { $app }.
ended-lead-revoked = It was withdrawn. If you think that is a mistake, ask the person who invited you.
ended-lead-declined = Nothing was created. If you changed your mind, ask for a new invitation.
ended-lead-superseded = A later mail has a newer link, and only the newest works. Please look for it.
ended-lead-unknown = Perhaps a part of it is missing: try to copy the whole link from the mail. It may also belong to another website.
ended-when-expired = Open until
ended-when-used = Used
ended-when-revoked = Withdrawn
ended-when-declined = Declined
ended-when-superseded = Newer link sent
ended-when-unknown = Ended
ended-sent-to = Sent to
fresh-submit = Send me a fresh link
fresh-fine = It goes to the address that was invited, and the inviter is told that you asked.
asked-title = Look into your mail
asked-lead = If this invitation can be renewed, a fresh link is on its way to the address that was invited.
asked-lead-to = If this invitation can be renewed, a fresh link is on its way to { $address }.

decline-title = Decline this invitation?
decline-lead = { $inviter } invited you to { $app }. If you decline, the link stops working and no account is created.
decline-submit = Decline
decline-report = I didn’t expect this, report it
decline-fine = { $inviter } sees that you declined. A report also goes to the administrators.
decline-back = Back to the invitation
declined-title = You declined
declined-lead = No account was created, and { $inviter } is told. The link doesn’t work any more.
reported-title = Thank you for the report
reported-lead = No account was created. { $inviter } and the administrators are told, and the link doesn’t work any more.
