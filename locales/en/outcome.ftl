# What didn’t work, and what to do next. `problem-…` is looked up by a refusal’s code.

error-title-refused = That didn’t work
error-title-unavailable = One moment, please
error-title-internal = Something went wrong
error-lead-unavailable = We can’t answer right now. Nothing was lost; please try again in a moment.
error-lead-internal = The mistake is on our side, and it is noted. Nothing was changed; please try again.
error-code = Code
error-fine = If it happens again, tell support the request above.
not-found-title = There is nothing here
not-found-lead = The address may be old, or a part of it is missing.
too-many-title = Too many attempts
too-many-lead = { $minutes ->
    [one] Please wait a minute and try again.
   *[other] Please wait { $minutes } minutes and try again.
}
too-many-fine = This protects the account from guessing. Your account is not locked.

problem-wrong_content_type = The browser sent the form in a way that we can’t read. Open the page again and retry.
problem-too_large = That is more text than fits here. Please shorten it.
problem-not_utf8 = A part of the text can’t be read. Please type it again.
problem-nul_byte = A part of the text can’t be read. Please type it again.
problem-duplicate_field = The form came with a field twice. Open the page again and retry.
problem-incomplete_form = A part of the form is missing. Open the page again and retry.
problem-cross_site = This form was sent from another website, so nothing was done. Open the page again and retry.
problem-forbidden = You may not do this with the account that is signed in.
problem-method_not_allowed = This address can’t be opened like that.
problem-timeout = That took too long. Please try again.
problem-refused = Please go back and try again.
problem-invalid_fields = Some fields need another look.

# Applications that send people here with a mistake in the address.
problem-client_id_missing = The application that sent you here did not say which one it is (client_id). Tell its makers.
problem-unknown_client = The application that sent you here is not registered (client_id). Tell its makers.
problem-redirect_uri_missing = The application that sent you here did not say where to go afterwards (redirect_uri). Tell its makers.
problem-unknown_redirect_uri = The application that sent you here wants you to go to an address that is not registered for it (redirect_uri). You are safe here; tell its makers.
problem-request_too_long = The application that sent you here asked at too great length. Tell its makers.
problem-invitation_of_other_application = This invitation was made for another application. Open the link in your letter instead.
problem-bad_id_token_hint = The application that sent you here did not prove itself (id_token_hint). You are still signed in.
problem-other_client = The application that sent you here is not the one that it shows proof of. You are still signed in.
problem-unknown_post_logout_redirect_uri = The application that sent you here wants you to go to an address that is not registered for it (post_logout_redirect_uri). You are still signed in.
problem-question_too_old = This page is too old, or was opened in another browser. You are still signed in.
problem-flow_ended = This page is too old, or was opened in another browser. Nothing is lost: open the application or the link in your letter again.
