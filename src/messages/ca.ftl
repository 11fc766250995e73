### Catalan. Every catalogue has the same messages with the same values; a test compares them.

## Moments

moment-date = { $day } { $month ->
      [1] de gener
      [2] de febrer
      [3] de març
      [4] d'abril
      [5] de maig
      [6] de juny
      [7] de juliol
      [8] d'agost
      [9] de setembre
     [10] d'octubre
     [11] de novembre
    *[12] de desembre
    } de { $year }
moment-time = { $time } (hora peninsular)
moment-date-and-time = { $date }, { $time } (hora peninsular)

## Short messages: only letters of the GSM 7-bit alphabet (no á, í, ó, ú, ç), at most 160 of them

sms-sign-code = Clau per signar { $count ->
        [one] 1 document
       *[other] { $count } documents
    } de { $app }: { $code }. Comproveu l'empremta { $fingerprint }. No doneu aquesta clau a cap altra persona.
sms-activation-code = Clau per activar el vostre compte de signatura: { $code }. No la doneu a cap altra persona. Si no l'heu demanada, aviseu l'oficina de registre.
sms-reset-code = Clau per posar una contrasenya nova: { $code }. No la doneu a cap altra persona. Si no l'heu demanada, ignoreu aquest missatge.
sms-change-code = Clau per canviar la contrasenya: { $code }. No la doneu a cap altra persona. Si no l'heu demanada, alguna persona coneix la vostra contrasenya.
sms-phone-code = Clau perquè aquest telèfon passi a una altra persona: { $code }. Si no ho voleu, no la doneu a cap altra persona i aviseu l'oficina.
sms-welcome = Ja podeu activar el vostre compte de signatura amb el resguard de registre que heu rebut. Si no ho heu demanat, aviseu l'oficina de registre.
sms-revoked = El vostre certificat de signatura s'ha revocat: { $time } (hora peninsular). Ja no serveix per signar. Si no ho esperaveu, aviseu l'oficina.
