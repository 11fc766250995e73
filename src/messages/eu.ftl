### Basque. Every catalogue has the same messages with the same values; a test compares them.

## Moments

moment-date = { $year }ko { $month ->
      [1] urtarrilaren
      [2] otsailaren
      [3] martxoaren
      [4] apirilaren
      [5] maiatzaren
      [6] ekainaren
      [7] uztailaren
      [8] abuztuaren
      [9] irailaren
     [10] urriaren
     [11] azaroaren
    *[12] abenduaren
    } { $day }a
moment-time = { $time } (penintsulako ordua)
moment-date-and-time = { $date }, { $time } (penintsulako ordua)

## Short messages: only letters of the GSM 7-bit alphabet (no á, í, ó, ú, ç), at most 160 of them

sms-sign-code = { $app }: { $count ->
        [one] dokumentu 1
       *[other] { $count } dokumentu
    } sinatzeko kodea: { $code }. Egiaztatu hatz-marka: { $fingerprint }. Ez eman kode hau beste inori.
sms-activation-code = Sinadura-kontua aktibatzeko kodea: { $code }. Ez eman beste inori. Zuk eskatu ez baduzu, jakinarazi erregistro-bulegoan.
sms-reset-code = Pasahitz berria jartzeko kodea: { $code }. Ez eman beste inori. Zuk eskatu ez baduzu, ez egin jaramonik mezu honi.
sms-change-code = Pasahitza aldatzeko kodea: { $code }. Ez eman beste inori. Zuk eskatu ez baduzu, beste norbaitek badaki zure pasahitza.
sms-phone-code = Telefono hau beste pertsona batena izateko kodea: { $code }. Nahi ez baduzu, ez eman inori eta esan erregistro-bulegoan.
sms-welcome = Zure sinadura-kontua aktiba dezakezu, jaso duzun erregistro-agiriarekin. Zuk eskatu ez baduzu, jakinarazi erregistro-bulegoan.
sms-revoked = Zure sinadura-ziurtagiria baliogabetu da: { $time } (penintsulako ordua). Ez du sinatzeko balio. Espero ez bazenuen, jakinarazi bulegoan.
