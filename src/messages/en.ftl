### English. Every catalogue has the same messages with the same values; a test compares them.

## Moments

moment-date = { $day } { $month ->
      [1] January
      [2] February
      [3] March
      [4] April
      [5] May
      [6] June
      [7] July
      [8] August
      [9] September
     [10] October
     [11] November
    *[12] December
    } { $year }
moment-time = { $time } (mainland Spain time)
moment-date-and-time = { $date }, { $time } (mainland Spain time)

## Short messages: only letters of the GSM 7-bit alphabet (no á, í, ó, ú, ç), at most 160 of them

sms-sign-code = Code to sign { $count ->
        [one] 1 document
       *[other] { $count } documents
    } for { $app }: { $code }. Check the fingerprint { $fingerprint }. Give this code to nobody.
sms-activation-code = Code to activate your signing account: { $code }. Give it to nobody. If you did not ask for it, tell your registration office.
sms-reset-code = Code to set a new password: { $code }. Give it to nobody. If you did not ask for it, tell your registration office.
sms-change-code = Code to change your password: { $code }. Give it to nobody. If you did not ask for it, somebody knows your password: change it.
sms-phone-code = Code to give this phone to another person: { $code }. If you do not want that, give it to nobody and tell your registration office.
sms-welcome = You can now activate your signing account with the registration receipt you were given. If this was not you, tell the registration office.
sms-revoked = Your signing certificate was revoked: { $time } (mainland Spain time). It can no longer sign. If you did not expect this, tell the office.

## Every page

page-skip = Skip to the content
page-purpose = Electronic signing in the cloud
page-language = Language:
page-error = Error:
page-contact = Help and contact: { $desk }
page-reference = Reference of this page: { $reference }
errors-title = Please check the following
continue-button = Continue
action-request = Back to the request
action-back-to-app = Back to { $app }
action-result = See the result
action-home = Go to your signing account
action-try-again = Try again
retry-at = You can try again from this time on: { $time }.
step-review = Step 1 of 2: review and say who you are
step-identify = Step 1 of 2: say who you are
step-code = Step 2 of 2: confirm with the SMS code

## The request and its documents

review-title = { $app } asks you to sign { $count ->
        [one] one document
       *[other] { $count } documents
    }
request-heading = The request
request-app = Who asks
request-title = Subject
request-expires = You can sign until
request-fingerprint = Fingerprint
request-fingerprint-hint = The SMS you receive must show this same fingerprint.
request-number = Request number: { $number }
documents-title = Documents
documents-advice = Open them and check that they are the ones you want to sign. You will sign exactly these files.
documents-document = Document
documents-type = Type
documents-size = Size
documents-digest-question = What is the SHA-256 number?
documents-digest-answer = It identifies the exact content of a file: if a single letter changes, the number changes. You can use it to check that the document here is the same as one you already have from elsewhere.
states-title = Your signature will also state
states-reason = Reason
states-place = Place
states-contact = Contact
states-field = Field of the PDF
states-commitment = You declare
states-policy = Signature policy (the rules it is made by)
states-origin = That you made, approved and sent this document.
states-receipt = That you received this document.
states-delivery = That this document was delivered to the person it was meant for.
states-sender = That you sent this document, even if somebody else made it.
states-approval = That you approve the content of this document.
states-creation = That you made this document, even if you neither approved nor sent it.
media-text = Text
media-web-page = Web page
media-file = File
media-image = Image
media-other = File ({ $type })

## Who one is

identify-title = Say who you are, to sign
identify-intro = Next we will send a code by SMS to the phone you registered. Nothing is signed until you enter it.
identify-forgotten = I forgot my password
identify-activate = I have not activated my account yet
identify-blocked = I think my account is blocked
identify-code-blocked = I think my code is blocked
field-national-id = DNI or NIE
field-national-id-hint = With its letter, for example 12345678Z or X1234567L.
field-password = Password
field-email = E-mail
field-email-hint = The one you gave when you registered. If you gave none, leave it empty.
field-activation-code = Activation code
field-activation-code-hint = 16 letters and digits. They are on the receipt you were given when you registered.
field-code = SMS code
field-code-hint = Digits only.
field-new-password = New password
field-repeat-password = Repeat the new password
fault-national-id-missing = Enter your DNI or NIE.
fault-national-id-shape = That does not look like a DNI or NIE. A DNI has 8 digits and a letter; a NIE has a letter (X, Y or Z), 7 digits and another letter.
fault-national-id-letter = The last letter does not fit the digits. Check your DNI or NIE.
fault-password-missing = Enter your password.
fault-credentials = These details are not correct. Check the DNI or NIE and the password. After several failed attempts the account is blocked.
fault-email-shape = Enter the whole e-mail address, for example name@example.com.
fault-activation-code-missing = Enter the activation code from your receipt.
fault-activation = These details are not correct. Check every field. After several failed attempts the activation code is blocked.
fault-code-missing = Enter the code you received by SMS.
fault-code-shape = The SMS code has digits only. Enter it just as you received it.
fault-code-wrong = The code is not correct. { $count ->
        [one] You have one attempt left.
       *[other] You have { $count } attempts left.
    }
fault-new-password-missing = Enter a new password.
fault-password-short = The password is too short: use at least { $count } characters.
fault-password-long = The password is too long: use at most { $count } characters.
fault-password-classes = The password is too simple: mix three of these four groups (small letters, capital letters, digits and signs) or use at least { $count } characters.
fault-password-characters = It has a character that cannot be used. Only letters, digits and the signs { $signs } can (no spaces).
fault-password-personal = It contains your name, your surnames or your DNI or NIE: choose another one.
fault-password-same = It is the one you have now: choose another one.
fault-repeat-password = The two passwords are not the same. Enter the same one twice.
password-rules-title = What the password must be like
password-rule-length = It has at least { $count } characters.
password-rule-classes = If it has fewer than { $count } characters, it mixes three of these four groups: small letters, capital letters, digits and signs.
password-rule-personal = It does not contain your name, your surnames or your DNI or NIE.
password-rule-characters = It has only letters, digits and these signs: { $signs }
password-rule-same = It is not the password you have now.
password-rule-longest = It has at most { $count } characters.

## The code

code-title = Enter the SMS code to sign
code-title-password = Enter the SMS code and choose a password
code-sent = We sent it to the phone that ends in { $digits }.
code-fingerprint-hint = Check that the SMS shows this fingerprint. If it does not, stop here.
code-valid = { $count ->
        [one] The code is valid for one more minute, until { $time }.
       *[other] The code is valid for { $count } more minutes, until { $time }.
    }
code-tries = { $count ->
        [one] You have one attempt left.
       *[other] You have { $count } attempts.
    }
code-sign-button = { $count ->
        [one] Sign the document
       *[other] Sign { $count } documents
    }
code-save-button = Save the password
code-start-again = Start again
code-resent = We sent you another code. The one before is no longer valid.
resend-title = Nothing arrived?
resend-text = It can take a couple of minutes. You can also ask for another code; the one before will no longer be valid. If you receive several, use the last one.
resend-button = Send another code
resend-none = We cannot send you more codes in this attempt. If none arrived, start again.
access-last = Your last access was on { $moment }. If it was not you, change your password and tell the registration office.
access-first = This is the first time you use this account.

## To decline

decline-link = I do not want to sign
decline-title = Are you sure that you do not want to sign?
decline-text = No document will be signed, and { $app } will know that you declined. You cannot change your mind later with this link.
decline-button = Do not sign

## The result

signing-title = We are signing
signing-text = This takes a few seconds. The page refreshes by itself; there is nothing to repeat.
signing-now = Refresh now
done-title = { $count ->
        [one] The document is signed
       *[other] The { $count } documents are signed
    }
done-title-some = { $signed ->
        [one] One of { $count } documents was signed
       *[other] { $signed } of { $count } documents were signed
    }
done-text = { $app } can now collect the result. There is nothing more for you to do here.
done-results = Result of each document
done-signed = Signed
done-failed = Not signed
done-close = You can close this page.
reason-not-a-pdf = The file is not a PDF.
reason-damaged = The PDF is damaged and cannot be read.
reason-encrypted = The PDF is protected with a password.
reason-locked = The PDF is locked and takes no more signatures.
reason-unsupported = The document cannot be signed in the way the service asked for.
reason-missing = The document is no longer available.
reason-changed = The stored document is not the same as the one you saw, so it was not signed.
reason-signer = You may not sign any more: your account or your certificate was blocked or ended in the meantime.
reason-kek-missing = The equipment that keeps the signing keys lacks a part that protects yours. Ask the service to send you another request later.
reason-fault = Our system failed. Ask the service to send you another request.

## The account

home-title = Your signing account
home-intro = Here you manage the account you sign with. To sign a document, open the link given to you by the service that asks for it.
home-activate = The first time, with the code on your registration receipt.
home-reset = If you forgot it, if it expired or if the account is blocked.
home-change = If you know it and want another one.
home-help = What to do when something keeps you from signing.
activate-title = Activate the account
activate-intro = Have your registration receipt and your phone at hand. You will choose a password and can then start to sign.
activate-done-title = Your account is active
activate-done-text = You can now use your DNI or NIE and your password. Keep the receipt in a safe place: you will need it if you forget the password.
reset-title = Set a new password
reset-intro = You need the activation code on your registration receipt and the phone you registered.
reset-done-title = Your new password is saved
reset-done-text = The old one is no longer valid. If your account was blocked, it no longer is.
change-title = Change the password
change-intro = You need your current password and the phone you registered.
change-done-title = Your password is changed
change-done-text = The old one is no longer valid.

## Help, accessibility, cookies

help-title = Help
help-intro = Choose what is happening to you.
accessibility-title = Accessibility
accessibility-aim = These pages were made to meet level AA of the WCAG 2.1 guidelines, as Real Decreto 1112/2018 demands: they work with a keyboard, with a screen reader, without JavaScript, with enlarged text and on small screens.
accessibility-limits = The documents you sign are prepared by the service that asks for them, and their accessibility depends on it.
accessibility-time = For security, the SMS code is valid for a few minutes. If you need more time, ask for another one or start again: you do not lose the request.
accessibility-contact = If something keeps you from using these pages, tell the service that asked for the signature or the contact at the foot of the page.
cookies-title = Cookies
cookies-use = We use only the cookies that these pages need to work. There are no third-party, advertising or measurement cookies.
cookies-list = One remembers the language you chose, for a year, or, if you chose none, that of the last request you opened, until you close the browser. Another checks that the forms you send come from your browser, until you close it. The third exists while you enter the SMS code: it holds the data that protect your signature or your new password, and the time of your last access. It is deleted when you finish or, if you do not, ten minutes after the code expires. When you set a new password, a note that this is done stays for ten minutes. If you go from a request to activate your account or to set another password, another remembers for an hour which request it was, so that you can return to it; it is deleted when you return.

## Problems: what happened and what to do next

problem-next-title = What you can do
problem-unknown-link-title = This link is not valid
problem-unknown-link-what = There is no signature request at this address. The link may be cut off or badly copied.
problem-unknown-link-next = Go back to the service that asked for your signature and open the link from there.
problem-expired-link-title = The request has expired
problem-expired-link-what = The time to sign is over. Nothing was signed.
problem-expired-link-next = Go back to the service that asked you and have another request sent.
problem-used-link-title = This request is already signed
problem-used-link-what = The link works only once, and it was already used to sign.
problem-used-link-next = The service that asked for the documents has the signed ones. If it was not you who signed, tell the registration office as soon as you can.
problem-cancelled-title = The service withdrew the request
problem-cancelled-what = Whoever asked for the signature cancelled it. Nothing was signed.
problem-cancelled-next = If you think this is a mistake, ask the service that sent it.
problem-app-disabled-title = The service that asks is disabled
problem-app-disabled-what = The administrators of this site have disabled the service that asks for this signature. As long as it is, nothing that it asked for can be approved. Nothing was signed.
problem-app-disabled-next = You need not do anything. If the service is enabled again before the request expires, you can approve it with this same link. If in doubt, ask whoever sent it by another way.
problem-declined-title = The request is declined
problem-declined-what = The choice was not to sign. Nothing was signed, and the service knows it.
problem-declined-next = If you changed your mind, ask the service for another request.
problem-codes-exhausted-title = Too many wrong codes
problem-codes-exhausted-what = For security, the request was refused. Nothing was signed, and the service knows it.
problem-codes-exhausted-next = Go back to the service and ask for another request. If it was not you who entered the codes, change your password.
problem-nothing-signed-title = Signing failed
problem-nothing-signed-what = The signature was approved, but no document could be signed. The service knows it.
problem-nothing-signed-next = Go back to the service and ask for another request.
problem-not-activated-title = Your account is not active
problem-not-activated-what = You are registered but have not activated the account yet. Without that you cannot sign.
problem-not-activated-next = Activate it with the code on your registration receipt. It takes a few minutes, and then you can come back to this request.
problem-basic-level-title = Your registration level does not allow signing
problem-basic-level-what = You registered from a distance and have the basic level. Signing needs the advanced level.
problem-basic-level-next = To raise your level, go in person to a registration office with your DNI or NIE, or register on the internet with an electronic certificate or DNIe. Then you can sign.
problem-blocked-title = Your account is blocked
problem-blocked-what = The password or the codes sent by SMS were entered wrongly too many times. The account is blocked to protect you.
problem-blocked-next = Set a new password with the activation code on your receipt. If you no longer have it, go to a registration office. If it was not you who tried, tell them too.
problem-no-phone-title = We do not have your phone
problem-no-phone-what = Your account has no mobile phone to which the code could be sent. This usually happens when the number went to another person.
problem-no-phone-next = Give your present number at a registration office. Your password and your certificate stay valid.
problem-password-expired-title = Your password has expired
problem-password-expired-what = Passwords are valid for a limited time, and the time of yours is over.
problem-password-expired-next = Set another one with the activation code on your receipt. Your signing certificate stays valid.
problem-no-credential-title = You have no signing certificate
problem-no-credential-what = Your account is in order, but your signing certificate was not issued yet, or it was revoked.
problem-no-credential-next = Ask for your certificate at a registration office.
problem-credential-expired-title = Your signing certificate has expired
problem-credential-expired-what = The certificate you sign with has come to the end of its validity.
problem-credential-expired-next = Ask for a new one at a registration office.
problem-activation-blocked-title = Your activation code is blocked
problem-activation-blocked-what = It was entered wrongly too many times and can no longer be used.
problem-activation-blocked-next = Ask for a new code at a registration office, with your DNI or NIE.
problem-already-active-title = Your account is active already
problem-already-active-what = You chose a password before, so there is no need to activate the account again.
problem-already-active-next = Use your password. If you forgot it, set a new one.
problem-code-expired-title = The SMS code has expired
problem-code-expired-what = The time to enter it is over. Nothing was signed or changed.
problem-code-expired-next = Start again and we will send you another one. You do not lose the request.
problem-too-many-codes-title = Too many wrong codes
problem-too-many-codes-what = For security, we stopped this attempt. Nothing was changed.
problem-too-many-codes-next = Start again and we will send you another code.
problem-step-gone-title = We have to start again
problem-step-gone-what = This browser does not have the data of the step before. The time may be over, the step may be finished already, or cookies may be turned off.
problem-step-gone-next = Start again. If it happens once more, allow cookies for this site.
problem-sms-not-sent-title = We could not send the SMS
problem-sms-not-sent-what = The message service does not answer. Nothing was signed or changed.
problem-sms-not-sent-next = Try again in a few minutes. If your number changed, give the new one at a registration office.
problem-document-altered-title = A document was changed
problem-document-altered-what = A document in this request is not the one that the service sent. For your safety it cannot be signed, and nothing was signed.
problem-document-altered-next = Tell the service that asked for your signature, and have it send another request.
problem-hsm-away-title = Signing is not possible right now
problem-hsm-away-what = The equipment that keeps the signing keys does not answer. Nothing was signed, and the request stays open.
problem-hsm-away-next = Try again in a few minutes with the same link.
problem-kek-missing-title = Your signing key cannot be reached right now
problem-kek-missing-what = The equipment that keeps the signing keys lacks a part that protects yours. Nothing was signed, and the request stays open.
problem-kek-missing-next = Those who run this service have to bring it back. Try again later today with the same link; if it still fails, ask the service that sent you here.
problem-service-away-title = The service is not available
problem-service-away-what = A part of our system does not answer. The fault is ours.
problem-service-away-next = Try again in a few minutes with the same link.
problem-busy-title = Many people are here at once
problem-busy-what = We cannot serve you right now.
problem-busy-next = Wait a minute and try again.
problem-too-many-tries-title = Too many attempts in a row
problem-too-many-tries-what = We received many attempts in a short time and pause for security.
problem-too-many-tries-next = Wait and try again later, in an hour at the latest.
problem-too-many-messages-title = You asked for many codes in a row
problem-too-many-messages-what = For security, we send only a few codes by SMS each hour. Nothing was signed or changed.
problem-too-many-messages-next = Wait before you ask for another code.
problem-form-rejected-title = We could not accept the form
problem-form-rejected-what = We could not check that it came from this page. This happens when the page was open for a long time or cookies are turned off.
problem-form-rejected-next = Go back to the page, load it anew and repeat. Allow cookies for this site.
problem-not-found-title = This page does not exist
problem-not-found-what = The address is mistyped or the page is gone.
problem-not-found-next = If you were going to sign, go back to the service that asked you and open the link from there.
problem-internal-title = Something failed
problem-internal-what = An error happened in our system. The fault is ours, and it was noted.
problem-internal-next = Try again in a few minutes. If it keeps happening, ask for help and give the reference at the foot of the page.

## The printed receipt of a registration act

receipt-title = Registration receipt
receipt-name = Name
receipt-national-id = DNI or NIE
receipt-date = Registered on
receipt-code = Activation code
receipt-next = Activate your account at { $address } with this code and the phone you registered.
receipt-keep = Keep this receipt in a safe place and give the code to nobody: you will need it if you forget the password.
