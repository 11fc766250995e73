### Spanish. Every catalogue has the same messages with the same values; a test compares them.

## Moments

moment-date = { $day } { $month ->
      [1] de enero
      [2] de febrero
      [3] de marzo
      [4] de abril
      [5] de mayo
      [6] de junio
      [7] de julio
      [8] de agosto
      [9] de septiembre
     [10] de octubre
     [11] de noviembre
    *[12] de diciembre
    } de { $year }
moment-time = { $time } (hora peninsular)
moment-date-and-time = { $date }, { $time } (hora peninsular)

## Short messages: only letters of the GSM 7-bit alphabet (no á, í, ó, ú, ç), at most 160 of them

sms-sign-code = Clave para firmar { $count ->
        [one] 1 documento
       *[other] { $count } documentos
    } de { $app }: { $code }. Compruebe la huella { $fingerprint }. No comparta esta clave con nadie.
sms-activation-code = Clave para activar su cuenta de firma: { $code }. No la comparta con nadie. Si no la ha pedido, avise a su oficina de registro.
sms-reset-code = Clave para poner una contraseña nueva: { $code }. No la comparta con nadie. Si no la ha pedido, ignore este mensaje.
sms-change-code = Clave para cambiar su contraseña: { $code }. No la comparta con nadie. Si no la ha pedido, alguien conoce su contraseña.
sms-phone-code = Clave para que este teléfono pase a otra persona: { $code }. Si no lo quiere, no la comparta con nadie y avise a su oficina de registro.
sms-welcome = Ya puede activar su cuenta de firma. Use el resguardo de registro que ha recibido. Si no ha sido usted, avise a la oficina de registro.
sms-revoked = Su certificado de firma se ha revocado: { $time } (hora peninsular). Ya no sirve para firmar. Si no lo esperaba, avise a la oficina de registro.
