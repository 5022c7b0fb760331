# Words that many pages share.

continue = Continue
optional = (optional)
choose = Choose…
show = Show
hide = Hide
request = Request
close-tab = You can close this tab.
mail-slow = Mail can take a few minutes. If nothing comes, look into the spam folder.
title-error = Error:
secured-by = Secured by Usher
sign-in = Sign in
have-account = I already have an account
have-code = Enter a code instead
have-invitation = I have an invitation code
create-account = Create an account
back-to-sign-in = Back to sign-in
open-app = Open { $app }
days-left = { $days ->
    [0] less than a day left
    [one] { $days } day left
   *[other] { $days } days left
}

# Dates; all times are UTC.
date-time = { $weekday }, { $day } { $month } { $year }, { $time } UTC
date-day = { $day } { $month } { $year }
date-short = { $day } { $short-month } { $year }, { $time }
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
month-short-1 = Jan
month-short-2 = Feb
month-short-3 = Mar
month-short-4 = Apr
month-short-5 = May
month-short-6 = Jun
month-short-7 = Jul
month-short-8 = Aug
month-short-9 = Sep
month-short-10 = Oct
month-short-11 = Nov
month-short-12 = Dec

# Fields: the standard claims of OpenID Connect.
field-name = Full name
field-given_name = First name
field-family_name = Last name
field-middle_name = Middle name
field-nickname = Nickname
field-preferred_username = Username
field-profile = Profile page
field-picture = Picture (web address)
field-website = Website
field-email = E-mail
field-gender = Gender
field-birthdate = Date of birth
field-zoneinfo = Time zone
field-locale = Language
field-phone_number = Phone
field-address-street_address = Street and number
field-address-locality = City
field-address-region = State or region
field-address-postal_code = Postal code
field-address-country = Country
field-password = Password
identifier-email = E-mail
identifier-username = Username
identifier-phone = Phone number
identifier-email-or-username = E-mail or username
identifier-any = E-mail, username or phone

# New passwords.
new-password = New password
password-rule = At least { $minimum } characters. Several words that don’t belong together work well.
strength-short = Too short: at least { $minimum } characters.
strength-weak = Weak. Easy to guess: add more words.
strength-fair = Fair. A little longer is better.
strength-good = Good.
strength-strong = Strong.

# The summary above a form.
problems-title = { $count ->
    [one] One thing to correct
   *[other] { $count } things to correct
}
