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
sms-reset-code = Clave para poner una contraseña nueva: { $code }. No la comparta con nadie. Si no la ha pedido, avise a su oficina de registro.
sms-change-code = Clave para cambiar su contraseña: { $code }. No la comparta con nadie. Si no la ha pedido, alguien conoce su contraseña: ponga otra.
sms-phone-code = Clave para que este teléfono pase a otra persona: { $code }. Si no lo quiere, no la comparta con nadie y avise a su oficina de registro.
sms-welcome = Ya puede activar su cuenta de firma. Use el resguardo de registro que ha recibido. Si no ha sido usted, avise a la oficina de registro.
sms-revoked = Su certificado de firma se ha revocado: { $time } (hora peninsular). Ya no sirve para firmar. Si no lo esperaba, avise a la oficina de registro.

## Every page

page-skip = Ir al contenido
page-purpose = Firma electrónica en la nube
page-language = Idioma:
page-error = Error:
page-contact = Ayuda y contacto: { $desk }
page-reference = Referencia de esta página: { $reference }
errors-title = Revise lo siguiente
continue-button = Continuar
action-request = Volver a la solicitud
action-back-to-app = Volver a { $app }
action-result = Ver el resultado
action-home = Ir a su cuenta de firma
action-try-again = Intentarlo de nuevo
retry-at = Puede volver a intentarlo a partir de esta hora: { $time }.
step-review = Paso 1 de 2: revise e identifíquese
step-identify = Paso 1 de 2: identifíquese
step-code = Paso 2 de 2: confirme con la clave del SMS

## The request and its documents

review-title = { $app } le pide firmar { $count ->
        [one] un documento
       *[other] { $count } documentos
    }
request-heading = La solicitud
request-app = Quién lo pide
request-title = Asunto
request-expires = Puede firmar hasta
request-fingerprint = Huella
request-fingerprint-hint = El SMS que recibirá debe llevar esta misma huella.
request-number = Número de la solicitud: { $number }
documents-title = Documentos
documents-advice = Ábralos y compruebe que son los que quiere firmar. Firmará exactamente estos archivos.
documents-document = Documento
documents-type = Tipo
documents-size = Tamaño
documents-digest-question = ¿Qué es el número SHA-256?
documents-digest-answer = Identifica el contenido exacto de un archivo: si cambia una sola letra, cambia el número. Sirve para comprobar que el documento que ve aquí es el mismo que ya tiene por otro medio.
states-title = Su firma dirá también
states-reason = Motivo
states-place = Lugar
states-contact = Contacto
states-field = Campo del PDF
states-commitment = Usted declara
states-policy = Política de firma (las reglas con las que se firma)
states-origin = Que ha hecho, aprobado y enviado este documento.
states-receipt = Que ha recibido este documento.
states-delivery = Que este documento se ha entregado a quien iba dirigido.
states-sender = Que ha enviado este documento, aunque lo haya hecho otra persona.
states-approval = Que aprueba el contenido de este documento.
states-creation = Que ha hecho este documento, aunque no lo haya aprobado ni enviado.
media-text = Texto
media-web-page = Página web
media-file = Archivo
media-image = Imagen
media-other = Archivo ({ $type })

## Who one is

identify-title = Identifíquese para firmar
identify-intro = Después le enviaremos una clave por SMS al teléfono que tiene registrado. No se firma nada hasta que la escriba.
identify-forgotten = He olvidado mi contraseña
identify-activate = Todavía no he activado mi cuenta
identify-blocked = Creo que mi cuenta está bloqueada
identify-code-blocked = Creo que mi código está bloqueado
field-national-id = DNI o NIE
field-national-id-hint = Con su letra, por ejemplo 12345678Z o X1234567L.
field-password = Contraseña
field-email = Correo electrónico
field-email-hint = El que dio al registrarse. Si no dio ninguno, déjelo en blanco.
field-activation-code = Código de activación
field-activation-code-hint = Son 16 letras y números. Están en el resguardo que recibió al registrarse.
field-code = Clave del SMS
field-code-hint = Solo números.
field-new-password = Contraseña nueva
field-repeat-password = Repita la contraseña nueva
fault-national-id-missing = Escriba su DNI o NIE.
fault-national-id-shape = Eso no parece un DNI ni un NIE. El DNI tiene 8 números y una letra; el NIE, una letra (X, Y o Z), 7 números y otra letra.
fault-national-id-letter = La letra final no corresponde a los números. Revise su DNI o NIE.
fault-password-missing = Escriba su contraseña.
fault-credentials = Los datos no son correctos. Revise el DNI o NIE y la contraseña. Tras varios intentos fallidos, la cuenta se bloquea.
fault-email-shape = Escriba el correo completo, por ejemplo nombre@ejemplo.es.
fault-activation-code-missing = Escriba el código de activación de su resguardo.
fault-activation = Los datos no son correctos. Revise todos los campos. Tras varios intentos fallidos, el código de activación se bloquea.
fault-code-missing = Escriba la clave que ha recibido por SMS.
fault-code-shape = La clave del SMS tiene solo números. Escríbala tal como la ha recibido.
fault-code-wrong = La clave no es correcta. { $count ->
        [one] Le queda un intento.
       *[other] Le quedan { $count } intentos.
    }
fault-new-password-missing = Escriba una contraseña nueva.
fault-password-short = La contraseña es demasiado corta: use al menos { $count } caracteres.
fault-password-long = La contraseña es demasiado larga: use como mucho { $count } caracteres.
fault-password-classes = La contraseña es demasiado sencilla: mezcle tres de estos cuatro grupos (minúsculas, mayúsculas, números y signos) o use al menos { $count } caracteres.
fault-password-characters = Lleva algún carácter que no se admite. Solo valen letras, números y los signos { $signs } (sin espacios).
fault-password-personal = Contiene su nombre, sus apellidos o su DNI o NIE: elija otra.
fault-password-same = Es la que tiene ahora: elija otra.
fault-repeat-password = Las dos contraseñas no son iguales. Escriba la misma dos veces.
password-rules-title = Cómo debe ser la contraseña
password-rule-length = Tiene al menos { $count } caracteres.
password-rule-classes = Si tiene menos de { $count } caracteres, mezcla tres de estos cuatro grupos: minúsculas, mayúsculas, números y signos.
password-rule-personal = No contiene su nombre, sus apellidos ni su DNI o NIE.
password-rule-characters = Solo lleva letras, números y estos signos: { $signs }
password-rule-same = No es la contraseña que tiene ahora.
password-rule-longest = Tiene como mucho { $count } caracteres.

## The code

code-title = Escriba la clave del SMS para firmar
code-title-password = Escriba la clave del SMS y elija una contraseña
code-sent = La hemos enviado al teléfono que termina en { $digits }.
code-fingerprint-hint = Compruebe que el SMS lleva esta huella. Si no coincide, no siga.
code-valid = { $count ->
        [one] La clave vale un minuto más, hasta las { $time }.
       *[other] La clave vale { $count } minutos más, hasta las { $time }.
    }
code-tries = { $count ->
        [one] Le queda un intento.
       *[other] Tiene { $count } intentos.
    }
code-sign-button = { $count ->
        [one] Firmar el documento
       *[other] Firmar { $count } documentos
    }
code-save-button = Guardar la contraseña
code-start-again = Volver a empezar
code-resent = Le hemos enviado otra clave. La anterior ya no vale.
resend-title = ¿No le ha llegado?
resend-text = Puede tardar un par de minutos. También puede pedir otra clave; la anterior dejará de valer. Si recibe varias, use la última.
resend-button = Enviar otra clave
resend-none = Ya no podemos enviarle más claves en este intento. Si no le ha llegado ninguna, vuelva a empezar.
access-last = Su último acceso fue el { $moment }. Si no fue usted, cambie su contraseña y avise a la oficina de registro.
access-first = Es la primera vez que accede con esta cuenta.

## To decline

decline-link = No quiero firmar
decline-title = ¿Seguro que no quiere firmar?
decline-text = No se firmará ningún documento y { $app } sabrá que ha rechazado la solicitud. Después no podrá cambiar de idea con este enlace.
decline-button = No firmar

## The result

signing-title = Estamos firmando
signing-text = Tardará unos segundos. Esta página se actualiza sola; no hace falta que repita nada.
signing-now = Actualizar ahora
done-title = { $count ->
        [one] El documento está firmado
       *[other] Los { $count } documentos están firmados
    }
done-title-some = Se { $signed ->
        [one] ha firmado uno
       *[other] han firmado { $signed }
    } de los { $count } documentos
done-text = { $app } ya puede recoger el resultado. Usted no tiene que hacer nada más aquí.
done-results = Resultado de cada documento
done-signed = Firmado
done-failed = No se ha firmado
done-close = Puede cerrar esta página.
reason-not-a-pdf = El archivo no es un PDF.
reason-damaged = El PDF está dañado y no se puede leer.
reason-encrypted = El PDF está protegido con contraseña.
reason-locked = El PDF está cerrado y no admite más firmas.
reason-unsupported = El documento no se puede firmar en la forma que pidió el servicio.
reason-missing = El documento ya no está disponible.
reason-changed = El documento guardado no es igual al que usted vio, así que no se ha firmado.
reason-signer = Ya no puede firmar: entretanto, su cuenta o su certificado se han bloqueado o anulado.
reason-kek-missing = Al equipo que guarda las claves de firma le falta una parte que protege la suya. Pida al servicio que le envíe otra solicitud más tarde.
reason-fault = Ha fallado nuestro sistema. Pida al servicio que le envíe otra solicitud.

## The account

home-title = Su cuenta de firma
home-intro = Aquí administra la cuenta con la que firma. Para firmar un documento, abra el enlace que le da el servicio que se lo pide.
home-activate = La primera vez, con el código de su resguardo de registro.
home-reset = Si la ha olvidado, ha caducado o la cuenta está bloqueada.
home-change = Si la sabe y quiere poner otra.
home-help = Qué hacer cuando algo le impide firmar.
activate-title = Activar la cuenta
activate-intro = Tenga a mano el resguardo de registro y el teléfono. Elegirá una contraseña y podrá empezar a firmar.
activate-done-title = Su cuenta está activada
activate-done-text = Ya puede usar su DNI o NIE y su contraseña. Guarde el resguardo en un lugar seguro: lo necesitará si olvida la contraseña.
reset-title = Poner una contraseña nueva
reset-intro = Necesita el código de activación de su resguardo de registro y el teléfono que tiene registrado.
reset-done-title = Su contraseña nueva está guardada
reset-done-text = La anterior ya no vale. Si su cuenta estaba bloqueada, ya no lo está.
change-title = Cambiar la contraseña
change-intro = Necesita su contraseña actual y el teléfono que tiene registrado.
change-done-title = Su contraseña está cambiada
change-done-text = La anterior ya no vale.

## Help, accessibility, cookies

help-title = Ayuda
help-intro = Elija lo que le ocurre.
accessibility-title = Accesibilidad
accessibility-aim = Estas páginas se han hecho para cumplir el nivel AA de las pautas WCAG 2.1, como exige el Real Decreto 1112/2018: funcionan con teclado, con lector de pantalla, sin JavaScript, con el texto ampliado y en pantallas pequeñas.
accessibility-limits = Los documentos que firma los prepara el servicio que se lo pide, y su accesibilidad depende de él.
accessibility-time = La clave del SMS vale unos minutos por seguridad. Si necesita más tiempo, pida otra o vuelva a empezar: no pierde la solicitud.
accessibility-contact = Si algo le impide usar estas páginas, avise al servicio que le pidió la firma o al contacto que aparece al pie.
cookies-title = Cookies
cookies-use = Solo usamos las cookies necesarias para que estas páginas funcionen. No hay cookies de terceros, ni de publicidad, ni de medición.
cookies-list = Una recuerda durante un año el idioma que eligió o, si no eligió ninguno, el de la última solicitud que abrió, hasta que cierra el navegador. Otra comprueba que los formularios que envía salen de su navegador, hasta que lo cierra. La tercera existe mientras escribe la clave del SMS: contiene los datos que protegen su firma o su contraseña nueva y el momento de su último acceso. Se borra al terminar o, si no termina, diez minutos después de caducar la clave. Cuando pone una contraseña nueva, queda durante diez minutos una nota de que ya está hecho. Si va desde una solicitud a activar su cuenta o a cambiar de contraseña, otra recuerda durante una hora cuál era la solicitud, para que pueda volver a ella; se borra cuando vuelve.

## Problems: what happened and what to do next

problem-next-title = Qué puede hacer
problem-unknown-link-title = Este enlace no es válido
problem-unknown-link-what = No hay ninguna solicitud de firma en esta dirección. Puede que el enlace esté cortado o mal copiado.
problem-unknown-link-next = Vuelva al servicio que le pidió la firma y abra el enlace desde allí.
problem-expired-link-title = La solicitud ha caducado
problem-expired-link-what = Se ha acabado el plazo para firmar. No se ha firmado nada.
problem-expired-link-next = Vuelva al servicio que se lo pidió y solicite que le envíe otra.
problem-used-link-title = Esta solicitud ya está firmada
problem-used-link-what = El enlace sirve una sola vez y ya se usó para firmar.
problem-used-link-next = Los documentos firmados los tiene el servicio que los pidió. Si no los firmó usted, avise cuanto antes a la oficina de registro.
problem-cancelled-title = El servicio ha retirado la solicitud
problem-cancelled-what = Quien pidió la firma la ha anulado. No se ha firmado nada.
problem-cancelled-next = Si cree que es un error, pregunte al servicio que se lo pidió.
problem-app-disabled-title = El servicio que lo pide está desactivado
problem-app-disabled-what = La administración de este sitio ha desactivado el servicio que pide esta firma. Mientras lo esté, no se puede aprobar nada de lo que pidió. No se ha firmado nada.
problem-app-disabled-next = No tiene que hacer nada. Si el servicio vuelve a activarse antes de que caduque la solicitud, podrá aprobarla con este mismo enlace. Si tiene dudas, pregunte a quien se lo pidió por otro medio.
problem-declined-title = La solicitud está rechazada
problem-declined-what = Se eligió no firmar. No se ha firmado nada y el servicio ya lo sabe.
problem-declined-next = Si ha cambiado de idea, pida al servicio otra solicitud.
problem-codes-exhausted-title = Demasiadas claves incorrectas
problem-codes-exhausted-what = Por seguridad, la solicitud se ha rechazado. No se ha firmado nada y el servicio ya lo sabe.
problem-codes-exhausted-next = Vuelva al servicio y pida otra solicitud. Si no era usted quien escribía las claves, cambie su contraseña.
problem-nothing-signed-title = No se ha podido firmar
problem-nothing-signed-what = La firma se aprobó, pero ningún documento se pudo firmar. El servicio ya lo sabe.
problem-nothing-signed-next = Vuelva al servicio y pida otra solicitud.
problem-not-activated-title = Su cuenta no está activada
problem-not-activated-what = Está registrado, pero todavía no ha activado la cuenta. Sin activarla no se puede firmar.
problem-not-activated-next = Actívela con el código de su resguardo de registro. Se hace en unos minutos y después puede volver a esta solicitud.
problem-basic-level-title = Su nivel de registro no permite firmar
problem-basic-level-what = Se registró a distancia y tiene el nivel básico. Para firmar hace falta el nivel avanzado.
problem-basic-level-next = Para subir de nivel, acuda en persona a una oficina de registro con su DNI o NIE, o regístrese por internet con certificado electrónico o DNIe. Después podrá firmar.
problem-blocked-title = Su cuenta está bloqueada
problem-blocked-what = Se han escrito mal la contraseña o las claves enviadas por SMS demasiadas veces. La cuenta queda bloqueada para protegerle.
problem-blocked-next = Ponga una contraseña nueva con el código de activación de su resguardo. Si ya no lo tiene, acuda a una oficina de registro. Si no fue usted quien lo intentó, avise también.
problem-no-phone-title = No tenemos su teléfono
problem-no-phone-what = Su cuenta no tiene ningún teléfono móvil al que enviar la clave. Suele pasar cuando el número pasó a otra persona.
problem-no-phone-next = Dé su número actual en una oficina de registro. Su contraseña y su certificado siguen sirviendo.
problem-password-expired-title = Su contraseña ha caducado
problem-password-expired-what = Las contraseñas valen un tiempo limitado y el de la suya ha terminado.
problem-password-expired-next = Ponga otra con el código de activación de su resguardo. Su certificado de firma sigue sirviendo.
problem-no-credential-title = No tiene certificado de firma
problem-no-credential-what = Su cuenta está en orden, pero todavía no se ha emitido su certificado para firmar, o se revocó.
problem-no-credential-next = Pida la emisión de su certificado en una oficina de registro.
problem-credential-expired-title = Su certificado de firma ha caducado
problem-credential-expired-what = El certificado con el que firma ha llegado al final de su validez.
problem-credential-expired-next = Pida uno nuevo en una oficina de registro.
problem-activation-blocked-title = Su código de activación está bloqueado
problem-activation-blocked-what = Se ha escrito mal demasiadas veces y ya no se puede usar.
problem-activation-blocked-next = Pida un código nuevo en una oficina de registro, con su DNI o NIE.
problem-already-active-title = Su cuenta ya está activada
problem-already-active-what = Ya eligió una contraseña en su día, así que no hace falta activar la cuenta otra vez.
problem-already-active-next = Use su contraseña. Si la ha olvidado, ponga una nueva.
problem-code-expired-title = La clave del SMS ha caducado
problem-code-expired-what = Ha pasado el tiempo para escribirla. No se ha firmado ni cambiado nada.
problem-code-expired-next = Vuelva a empezar y le enviaremos otra. No pierde la solicitud.
problem-too-many-codes-title = Demasiadas claves incorrectas
problem-too-many-codes-what = Por seguridad, hemos parado este intento. No se ha cambiado nada.
problem-too-many-codes-next = Vuelva a empezar y le enviaremos otra clave.
problem-step-gone-title = Tenemos que volver a empezar
problem-step-gone-what = Este navegador no tiene los datos del paso anterior. Puede que haya pasado el tiempo, que el paso ya esté terminado o que las cookies estén desactivadas.
problem-step-gone-next = Empiece de nuevo. Si vuelve a ocurrir, permita las cookies de este sitio.
problem-sms-not-sent-title = No hemos podido enviar el SMS
problem-sms-not-sent-what = El servicio de mensajes no responde. No se ha firmado ni cambiado nada.
problem-sms-not-sent-next = Inténtelo de nuevo dentro de unos minutos. Si cambió de número, dé el nuevo en una oficina de registro.
problem-document-altered-title = Un documento ha cambiado
problem-document-altered-what = Un documento de esta solicitud no es el que envió el servicio. Por seguridad no se puede firmar. No se ha firmado nada.
problem-document-altered-next = Avise al servicio que se lo pidió y solicite que le envíe otra.
problem-hsm-away-title = Ahora mismo no se puede firmar
problem-hsm-away-what = El equipo que guarda las claves de firma no responde. No se ha firmado nada y la solicitud sigue abierta.
problem-hsm-away-next = Inténtelo de nuevo dentro de unos minutos con el mismo enlace.
problem-kek-missing-title = Ahora mismo no se puede usar su clave de firma
problem-kek-missing-what = Al equipo que guarda las claves de firma le falta una parte que protege la suya. No se ha firmado nada y la solicitud sigue abierta.
problem-kek-missing-next = Quienes mantienen este servicio tienen que reponerla. Inténtelo de nuevo más tarde con el mismo enlace; si sigue fallando, consulte con el servicio que le ha enviado aquí.
problem-service-away-title = El servicio no está disponible
problem-service-away-what = Una parte de nuestro sistema no responde. Es cosa nuestra.
problem-service-away-next = Inténtelo de nuevo dentro de unos minutos con el mismo enlace.
problem-busy-title = Hay mucha gente a la vez
problem-busy-what = Ahora mismo no podemos atenderle.
problem-busy-next = Espere un minuto e inténtelo de nuevo.
problem-too-many-tries-title = Demasiados intentos seguidos
problem-too-many-tries-what = Hemos recibido muchos intentos en poco tiempo y hacemos una pausa por seguridad.
problem-too-many-tries-next = Espere e inténtelo de nuevo más tarde; como mucho, dentro de una hora.
problem-too-many-messages-title = Ha pedido muchas claves seguidas
problem-too-many-messages-what = Por seguridad, solo enviamos unas pocas claves por SMS cada hora. No se ha firmado ni cambiado nada.
problem-too-many-messages-next = Espere antes de pedir otra clave.
problem-form-rejected-title = No hemos podido aceptar el formulario
problem-form-rejected-what = No hemos podido comprobar que salió de esta página. Pasa cuando la página estuvo abierta mucho tiempo o las cookies están desactivadas.
problem-form-rejected-next = Vuelva a la página, cárguela de nuevo y repita. Permita las cookies de este sitio.
problem-not-found-title = Esta página no existe
problem-not-found-what = La dirección está mal escrita o la página ya no está.
problem-not-found-next = Si iba a firmar, vuelva al servicio que se lo pidió y abra el enlace desde allí.
problem-internal-title = Algo ha fallado
problem-internal-what = Ha ocurrido un error en nuestro sistema. Es cosa nuestra y ha quedado anotado.
problem-internal-next = Inténtelo de nuevo dentro de unos minutos. Si sigue ocurriendo, pida ayuda y dé la referencia que aparece al pie.

## The printed receipt of a registration act

receipt-title = Resguardo de registro
receipt-name = Nombre
receipt-national-id = DNI o NIE
receipt-date = Fecha de registro
receipt-code = Código de activación
receipt-next = Active su cuenta en { $address } con este código y el teléfono que ha registrado.
receipt-keep = Guarde el resguardo en un lugar seguro y no dé el código a nadie: lo necesitará si olvida la contraseña.
