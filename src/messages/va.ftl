### Valencian. Every catalogue has the same messages with the same values; a test compares them.

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

sms-sign-code = Clau per a firmar { $count ->
        [one] 1 document
       *[other] { $count } documents
    } de { $app }: { $code }. Comprove l'empremta { $fingerprint }. No done esta clau a cap altra persona.
sms-activation-code = Clau per a activar el seu compte de firma: { $code }. No la done a cap altra persona. Si no l'ha demanada, avise l'oficina de registre.
sms-reset-code = Clau per a posar una contrasenya nova: { $code }. No la done a cap altra persona. Si no l'ha demanada, ignore este missatge.
sms-change-code = Clau per a canviar la contrasenya: { $code }. No la done a cap altra persona. Si no l'ha demanada, alguna persona coneix la seua contrasenya.
sms-phone-code = Clau perquè este telèfon passe a una altra persona: { $code }. Si no ho vol, no la done a cap altra persona i avise l'oficina.
sms-welcome = Ja pot activar el seu compte de firma amb el resguard de registre que ha rebut. Si no ho ha demanat, avise l'oficina de registre.
sms-revoked = El seu certificat de firma s'ha revocat: { $time } (hora peninsular). Ja no servix per a firmar. Si no ho esperava, avise l'oficina.
