### Galician. Every catalogue has the same messages with the same values; a test compares them.

## Moments

moment-date = { $day } { $month ->
      [1] de xaneiro
      [2] de febreiro
      [3] de marzo
      [4] de abril
      [5] de maio
      [6] de xuño
      [7] de xullo
      [8] de agosto
      [9] de setembro
     [10] de outubro
     [11] de novembro
    *[12] de decembro
    } de { $year }
moment-time = { $time } (hora peninsular)
moment-date-and-time = { $date }, { $time } (hora peninsular)

## Short messages: only letters of the GSM 7-bit alphabet (no á, í, ó, ú, ç), at most 160 of them

sms-sign-code = Clave para asinar { $count ->
        [one] 1 documento
       *[other] { $count } documentos
    } de { $app }: { $code }. Comprobe a pegada { $fingerprint }. Non lle dea esta clave a ninguén.
sms-activation-code = Clave para activar a conta de sinatura: { $code }. Non lla dea a ninguén. Se non a pediu, avise a oficina de rexistro.
sms-reset-code = Clave para poñer un contrasinal novo: { $code }. Non lla dea a ninguén. Se non a pediu, ignore esta mensaxe.
sms-change-code = Clave para cambiar o contrasinal: { $code }. Non lla dea a ninguén. Se non a pediu, alguén coñece o seu contrasinal.
sms-phone-code = Clave para que este teléfono pase a outra persoa: { $code }. Se non o quere, non lla dea a ninguén e avise a oficina de rexistro.
sms-welcome = Xa pode activar a conta de sinatura co resgardo de rexistro que recibiu. Se non o pediu vostede, avise a oficina de rexistro.
sms-revoked = O seu certificado de sinatura foi revogado: { $time } (hora peninsular). Xa non serve para asinar. Se non o esperaba, avise a oficina de rexistro.
