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
sms-reset-code = Code to set a new password: { $code }. Give it to nobody. If you did not ask for it, ignore this message.
sms-change-code = Code to change your password: { $code }. Give it to nobody. If you did not ask for it, somebody knows your password.
sms-phone-code = Code to give this phone to another person: { $code }. If you do not want that, give it to nobody and tell your registration office.
sms-welcome = You can now activate your signing account with the registration receipt you were given. If this was not you, tell the registration office.
sms-revoked = Your signing certificate was revoked: { $time } (mainland Spain time). It can no longer sign. If you did not expect this, tell the office.
