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
sms-reset-code = Clave para poñer un contrasinal novo: { $code }. Non lla dea a ninguén. Se non a pediu, avise a oficina de rexistro.
sms-change-code = Clave para cambiar o contrasinal: { $code }. Non lla dea a ninguén. Se non a pediu, alguén coñece o seu contrasinal: poña outro.
sms-phone-code = Clave para que este teléfono pase a outra persoa: { $code }. Se non o quere, non lla dea a ninguén e avise a oficina de rexistro.
sms-welcome = Xa pode activar a conta de sinatura co resgardo de rexistro que recibiu. Se non o pediu vostede, avise a oficina de rexistro.
sms-revoked = O seu certificado de sinatura foi revogado: { $time } (hora peninsular). Xa non serve para asinar. Se non o esperaba, avise a oficina de rexistro.

## Every page

page-skip = Ir ao contido
page-purpose = Sinatura electrónica na nube
page-language = Idioma:
page-error = Erro:
page-contact = Axuda e contacto: { $desk }
page-reference = Referencia desta páxina: { $reference }
errors-title = Revise o seguinte
continue-button = Continuar
action-request = Volver á solicitude
action-back-to-app = Volver a { $app }
action-result = Ver o resultado
action-home = Ir á súa conta de sinatura
action-try-again = Tentalo de novo
retry-at = Pode tentalo de novo a partir desta hora: { $time }.
step-review = Paso 1 de 2: revise e identifíquese
step-identify = Paso 1 de 2: identifíquese
step-code = Paso 2 de 2: confirme coa clave da SMS

## The request and its documents

review-title = { $app } pídelle que asine { $count ->
        [one] un documento
       *[other] { $count } documentos
    }
request-heading = A solicitude
request-app = Quen o pide
request-title = Asunto
request-expires = Pode asinar ata o
request-fingerprint = Pegada
request-fingerprint-hint = A SMS que recibirá debe levar esta mesma pegada.
request-number = Número da solicitude: { $number }
documents-title = Documentos
documents-advice = Ábraos e comprobe que son os que quere asinar. Asinará exactamente estes ficheiros.
documents-document = Documento
documents-type = Tipo
documents-size = Tamaño
documents-digest-question = Que é o número SHA-256?
documents-digest-answer = Identifica o contido exacto dun ficheiro: se cambia unha soa letra, cambia o número. Serve para comprobar que o documento que ve aquí é o mesmo que xa ten por outra vía.
states-title = A súa sinatura dirá tamén
states-reason = Motivo
states-place = Lugar
states-contact = Contacto
states-field = Campo do PDF
states-commitment = Vostede declara
states-policy = Política de sinatura (as regras coas que se asina)
states-origin = Que fixo, aprobou e enviou este documento.
states-receipt = Que recibiu este documento.
states-delivery = Que este documento se entregou a quen ía dirixido.
states-sender = Que enviou este documento, aínda que o fixese outra persoa.
states-approval = Que aproba o contido deste documento.
states-creation = Que fixo este documento, aínda que non o aprobase nin o enviase.
media-text = Texto
media-web-page = Páxina web
media-file = Ficheiro
media-image = Imaxe
media-other = Ficheiro ({ $type })

## Who one is

identify-title = Identifíquese para asinar
identify-intro = Despois enviarémoslle unha clave por SMS ao teléfono que ten rexistrado. Non se asina nada ata que a escriba.
identify-forgotten = Esquecín o contrasinal
identify-activate = Aínda non activei a miña conta
identify-blocked = Creo que a miña conta está bloqueada
identify-code-blocked = Creo que o meu código está bloqueado
field-national-id = DNI ou NIE
field-national-id-hint = Coa súa letra, por exemplo 12345678Z ou X1234567L.
field-password = Contrasinal
field-email = Correo electrónico
field-email-hint = O que deu ao rexistrarse. Se non deu ningún, déixeo en branco.
field-activation-code = Código de activación
field-activation-code-hint = Son 16 letras e números. Están no resgardo que recibiu ao rexistrarse.
field-code = Clave da SMS
field-code-hint = Só números.
field-new-password = Contrasinal novo
field-repeat-password = Repita o contrasinal novo
fault-national-id-missing = Escriba o seu DNI ou NIE.
fault-national-id-shape = Iso non parece un DNI nin un NIE. O DNI ten 8 números e unha letra; o NIE, unha letra (X, Y ou Z), 7 números e outra letra.
fault-national-id-letter = A letra final non corresponde aos números. Revise o seu DNI ou NIE.
fault-password-missing = Escriba o seu contrasinal.
fault-credentials = Os datos non son correctos. Revise o DNI ou NIE e o contrasinal. Tras varios intentos errados, a conta bloquéase.
fault-email-shape = Escriba o correo completo, por exemplo nome@exemplo.gal.
fault-activation-code-missing = Escriba o código de activación do seu resgardo.
fault-activation = Os datos non son correctos. Revise todos os campos. Tras varios intentos errados, o código de activación bloquéase.
fault-code-missing = Escriba a clave que recibiu por SMS.
fault-code-shape = A clave da SMS só ten números. Escríbaa tal como a recibiu.
fault-code-wrong = A clave non é correcta. { $count ->
        [one] Quédalle un intento.
       *[other] Quédanlle { $count } intentos.
    }
fault-new-password-missing = Escriba un contrasinal novo.
fault-password-short = O contrasinal é curto de máis: use polo menos { $count } caracteres.
fault-password-long = O contrasinal é longo de máis: use como máximo { $count } caracteres.
fault-password-classes = O contrasinal é sinxelo de máis: mesture tres destes catro grupos (minúsculas, maiúsculas, números e signos) ou use polo menos { $count } caracteres.
fault-password-characters = Leva algún carácter que non se admite. Só valen letras, números e os signos { $signs } (sen espazos).
fault-password-personal = Contén o seu nome, os seus apelidos ou o seu DNI ou NIE: elixa outro.
fault-password-same = É o que ten agora: elixa outro.
fault-repeat-password = Os dous contrasinais non son iguais. Escriba o mesmo dúas veces.
password-rules-title = Como debe ser o contrasinal
password-rule-length = Ten polo menos { $count } caracteres.
password-rule-classes = Se ten menos de { $count } caracteres, mestura tres destes catro grupos: minúsculas, maiúsculas, números e signos.
password-rule-personal = Non contén o seu nome, os seus apelidos nin o seu DNI ou NIE.
password-rule-characters = Só leva letras, números e estes signos: { $signs }
password-rule-same = Non é o contrasinal que ten agora.
password-rule-longest = Ten como máximo { $count } caracteres.

## The code

code-title = Escriba a clave da SMS para asinar
code-title-password = Escriba a clave da SMS e elixa un contrasinal
code-sent = Enviámola ao teléfono que remata en { $digits }.
code-fingerprint-hint = Comprobe que a SMS leva esta pegada. Se non coincide, non siga.
code-valid = { $count ->
        [one] A clave vale un minuto máis, ata as { $time }.
       *[other] A clave vale { $count } minutos máis, ata as { $time }.
    }
code-tries = { $count ->
        [one] Quédalle un intento.
       *[other] Ten { $count } intentos.
    }
code-sign-button = { $count ->
        [one] Asinar o documento
       *[other] Asinar { $count } documentos
    }
code-save-button = Gardar o contrasinal
code-start-again = Volver comezar
code-resent = Enviámoslle outra clave. A anterior xa non vale.
resend-title = Non lle chegou?
resend-text = Pode tardar un par de minutos. Tamén pode pedir outra clave; a anterior deixará de valer. Se recibe varias, use a última.
resend-button = Enviar outra clave
resend-none = Xa non lle podemos enviar máis claves neste intento. Se non lle chegou ningunha, volva comezar.
access-last = O seu último acceso foi o { $moment }. Se non foi vostede, cambie o contrasinal e avise a oficina de rexistro.
access-first = É a primeira vez que accede con esta conta.

## To decline

decline-link = Non quero asinar
decline-title = Seguro que non quere asinar?
decline-text = Non se asinará ningún documento e { $app } saberá que rexeitou a solicitude. Despois non poderá cambiar de idea con esta ligazón.
decline-button = Non asinar

## The result

signing-title = Estamos asinando
signing-text = Tardará uns segundos. Esta páxina actualízase soa; non fai falta que repita nada.
signing-now = Actualizar agora
done-title = { $count ->
        [one] O documento está asinado
       *[other] Os { $count } documentos están asinados
    }
done-title-some = { $signed ->
        [one] Asinouse un
       *[other] Asináronse { $signed }
    } dos { $count } documentos
done-text = { $app } xa pode recoller o resultado. Vostede non ten que facer nada máis aquí.
done-results = Resultado de cada documento
done-signed = Asinado
done-failed = Non se asinou
done-close = Pode pechar esta páxina.
reason-not-a-pdf = O ficheiro non é un PDF.
reason-damaged = O PDF está danado e non se pode ler.
reason-encrypted = O PDF está protexido con contrasinal.
reason-locked = O PDF está pechado e non admite máis sinaturas.
reason-unsupported = O documento non se pode asinar da maneira que pediu o servizo.
reason-missing = O documento xa non está dispoñible.
reason-changed = O documento gardado non é igual ao que vostede viu, así que non se asinou.
reason-signer = Xa non pode asinar: mentres tanto, a súa conta ou o seu certificado bloqueouse ou anulouse.
reason-kek-missing = Ao equipo que garda as claves de sinatura fáltalle unha parte que protexe a súa. Pídalle ao servizo que lle envíe outra solicitude máis tarde.
reason-fault = Fallou o noso sistema. Pida ao servizo que lle envíe outra solicitude.

## The account

home-title = A súa conta de sinatura
home-intro = Aquí administra a conta coa que asina. Para asinar un documento, abra a ligazón que lle dá o servizo que llo pide.
home-activate = A primeira vez, co código do seu resgardo de rexistro.
home-reset = Se o esqueceu, caducou ou a conta está bloqueada.
home-change = Se o sabe e quere poñer outro.
home-help = Que facer cando algo lle impide asinar.
activate-title = Activar a conta
activate-intro = Teña a man o resgardo de rexistro e o teléfono. Elixirá un contrasinal e poderá comezar a asinar.
activate-done-title = A súa conta está activada
activate-done-text = Xa pode usar o seu DNI ou NIE e o seu contrasinal. Garde o resgardo nun lugar seguro: necesitarao se esquece o contrasinal.
reset-title = Poñer un contrasinal novo
reset-intro = Necesita o código de activación do seu resgardo de rexistro e o teléfono que ten rexistrado.
reset-done-title = O seu contrasinal novo está gardado
reset-done-text = O anterior xa non vale. Se a súa conta estaba bloqueada, xa non o está.
change-title = Cambiar o contrasinal
change-intro = Necesita o seu contrasinal actual e o teléfono que ten rexistrado.
change-done-title = O seu contrasinal está cambiado
change-done-text = O anterior xa non vale.

## Help, accessibility, cookies

help-title = Axuda
help-intro = Elixa o que lle ocorre.
accessibility-title = Accesibilidade
accessibility-aim = Estas páxinas fixéronse para cumprir o nivel AA das pautas WCAG 2.1, como esixe o Real decreto 1112/2018: funcionan con teclado, con lector de pantalla, sen JavaScript, co texto ampliado e en pantallas pequenas.
accessibility-limits = Os documentos que asina prepáraos o servizo que llo pide, e a súa accesibilidade depende del.
accessibility-time = Por seguridade, a clave da SMS vale uns minutos. Se necesita máis tempo, pida outra ou volva comezar: non perde a solicitude.
accessibility-contact = Se algo lle impide usar estas páxinas, avise o servizo que lle pediu a sinatura ou o contacto que aparece ao pé.
cookies-title = Cookies
cookies-use = Só usamos as cookies necesarias para que estas páxinas funcionen. Non hai cookies de terceiros, nin de publicidade, nin de medición.
cookies-list = Unha lembra durante un ano o idioma que elixiu ou, se non elixiu ningún, o da última solicitude que abriu, ata que pecha o navegador. Outra comproba que os formularios que envía saen do seu navegador, ata que o pecha. A terceira existe mentres escribe a clave da SMS: contén os datos que protexen a súa sinatura ou o contrasinal novo e o momento do seu último acceso. Bórrase ao rematar ou, se non remata, dez minutos despois de caducar a clave. Cando pon un contrasinal novo, queda durante dez minutos unha nota de que xa está feito. Se vai desde unha solicitude a activar a súa conta ou a poñer outro contrasinal, outra lembra durante unha hora cal era a solicitude, para que poida volver a ela; bórrase cando volve.

## Problems: what happened and what to do next

problem-next-title = Que pode facer
problem-unknown-link-title = Esta ligazón non é válida
problem-unknown-link-what = Non hai ningunha solicitude de sinatura neste enderezo. Pode que a ligazón estea cortada ou mal copiada.
problem-unknown-link-next = Volva ao servizo que lle pediu a sinatura e abra a ligazón desde alí.
problem-expired-link-title = A solicitude caducou
problem-expired-link-what = Rematou o prazo para asinar. Non se asinou nada.
problem-expired-link-next = Volva ao servizo que llo pediu e solicite que lle envíe outra.
problem-used-link-title = Esta solicitude xa está asinada
problem-used-link-what = A ligazón serve unha soa vez e xa se usou para asinar.
problem-used-link-next = Os documentos asinados tenos o servizo que os pediu. Se non os asinou vostede, avise canto antes a oficina de rexistro.
problem-cancelled-title = O servizo retirou a solicitude
problem-cancelled-what = Quen pediu a sinatura anulouna. Non se asinou nada.
problem-cancelled-next = Se cre que é un erro, pregunte ao servizo que llo pediu.
problem-app-disabled-title = O servizo que o pide está desactivado
problem-app-disabled-what = A administración deste sitio desactivou o servizo que pide esta sinatura. Mentres o estea, non se pode aprobar nada do que pediu. Non se asinou nada.
problem-app-disabled-next = Non ten que facer nada. Se o servizo se volve activar antes de que caduque a solicitude, poderá aprobala con esta mesma ligazón. Se ten dúbidas, pregunte a quen llo pediu por outro medio.
problem-declined-title = A solicitude está rexeitada
problem-declined-what = Elixiuse non asinar. Non se asinou nada e o servizo xa o sabe.
problem-declined-next = Se cambiou de idea, pida ao servizo outra solicitude.
problem-codes-exhausted-title = Demasiadas claves incorrectas
problem-codes-exhausted-what = Por seguridade, a solicitude rexeitouse. Non se asinou nada e o servizo xa o sabe.
problem-codes-exhausted-next = Volva ao servizo e pida outra solicitude. Se non era vostede quen escribía as claves, cambie o contrasinal.
problem-nothing-signed-title = Non se puido asinar
problem-nothing-signed-what = A sinatura aprobouse, pero ningún documento se puido asinar. O servizo xa o sabe.
problem-nothing-signed-next = Volva ao servizo e pida outra solicitude.
problem-not-activated-title = A súa conta non está activada
problem-not-activated-what = Está rexistrado, pero aínda non activou a conta. Sen activala non se pode asinar.
problem-not-activated-next = Actívea co código do seu resgardo de rexistro. Faise nuns minutos e despois pode volver a esta solicitude.
problem-basic-level-title = O seu nivel de rexistro non permite asinar
problem-basic-level-what = Rexistrouse a distancia e ten o nivel básico. Para asinar cómpre o nivel avanzado.
problem-basic-level-next = Para subir de nivel, acuda en persoa a unha oficina de rexistro co seu DNI ou NIE, ou rexístrese por internet con certificado electrónico ou DNIe. Despois poderá asinar.
problem-blocked-title = A súa conta está bloqueada
problem-blocked-what = Escribíronse mal o contrasinal ou as claves enviadas por SMS demasiadas veces. A conta queda bloqueada para protexelo.
problem-blocked-next = Poña un contrasinal novo co código de activación do seu resgardo. Se xa non o ten, acuda a unha oficina de rexistro. Se non foi vostede quen o tentou, avise tamén.
problem-no-phone-title = Non temos o seu teléfono
problem-no-phone-what = A súa conta non ten ningún teléfono móbil ao que enviar a clave. Adoita pasar cando o número pasou a outra persoa.
problem-no-phone-next = Dea o seu número actual nunha oficina de rexistro. O seu contrasinal e o seu certificado seguen servindo.
problem-password-expired-title = O seu contrasinal caducou
problem-password-expired-what = Os contrasinais valen un tempo limitado e o do seu rematou.
problem-password-expired-next = Poña outro co código de activación do seu resgardo. O seu certificado de sinatura segue servindo.
problem-no-credential-title = Non ten certificado de sinatura
problem-no-credential-what = A súa conta está en orde, pero aínda non se emitiu o seu certificado para asinar, ou revogouse.
problem-no-credential-next = Pida a emisión do seu certificado nunha oficina de rexistro.
problem-credential-expired-title = O seu certificado de sinatura caducou
problem-credential-expired-what = O certificado co que asina chegou ao final da súa validez.
problem-credential-expired-next = Pida un novo nunha oficina de rexistro.
problem-activation-blocked-title = O seu código de activación está bloqueado
problem-activation-blocked-what = Escribiuse mal demasiadas veces e xa non se pode usar.
problem-activation-blocked-next = Pida un código novo nunha oficina de rexistro, co seu DNI ou NIE.
problem-already-active-title = A súa conta xa está activada
problem-already-active-what = Xa elixiu un contrasinal no seu día, así que non fai falta activar a conta outra vez.
problem-already-active-next = Use o seu contrasinal. Se o esqueceu, poña un novo.
problem-code-expired-title = A clave da SMS caducou
problem-code-expired-what = Pasou o tempo para escribila. Non se asinou nin cambiou nada.
problem-code-expired-next = Volva comezar e enviarémoslle outra. Non perde a solicitude.
problem-too-many-codes-title = Demasiadas claves incorrectas
problem-too-many-codes-what = Por seguridade, paramos este intento. Non se cambiou nada.
problem-too-many-codes-next = Volva comezar e enviarémoslle outra clave.
problem-step-gone-title = Temos que volver comezar
problem-step-gone-what = Este navegador non ten os datos do paso anterior. Pode que pasase o tempo, que o paso xa estea rematado ou que as cookies estean desactivadas.
problem-step-gone-next = Comece de novo. Se volve ocorrer, permita as cookies deste sitio.
problem-sms-not-sent-title = Non puidemos enviar a SMS
problem-sms-not-sent-what = O servizo de mensaxes non responde. Non se asinou nin cambiou nada.
problem-sms-not-sent-next = Ténteo de novo dentro duns minutos. Se cambiou de número, dea o novo nunha oficina de rexistro.
problem-document-altered-title = Un documento cambiou
problem-document-altered-what = Un documento desta solicitude non é o que enviou o servizo. Por seguridade non se pode asinar. Non se asinou nada.
problem-document-altered-next = Avise o servizo que llo pediu e solicite que lle envíe outra.
problem-hsm-away-title = Agora mesmo non se pode asinar
problem-hsm-away-what = O equipo que garda as claves de sinatura non responde. Non se asinou nada e a solicitude segue aberta.
problem-hsm-away-next = Ténteo de novo dentro duns minutos coa mesma ligazón.
problem-kek-missing-title = Agora mesmo non se pode usar a súa clave de sinatura
problem-kek-missing-what = Ao equipo que garda as claves de sinatura fáltalle unha parte que protexe a súa. Non se asinou nada e a solicitude segue aberta.
problem-kek-missing-next = Quen mantén este servizo ten que repoñela. Ténteo de novo máis tarde coa mesma ligazón; se segue fallando, consulte co servizo que o enviou aquí.
problem-service-away-title = O servizo non está dispoñible
problem-service-away-what = Unha parte do noso sistema non responde. É cousa nosa.
problem-service-away-next = Ténteo de novo dentro duns minutos coa mesma ligazón.
problem-busy-title = Hai moita xente á vez
problem-busy-what = Agora mesmo non podemos atendelo.
problem-busy-next = Agarde un minuto e ténteo de novo.
problem-too-many-tries-title = Demasiados intentos seguidos
problem-too-many-tries-what = Recibimos moitos intentos en pouco tempo e facemos unha pausa por seguridade.
problem-too-many-tries-next = Agarde e ténteo de novo máis tarde; como moito, dentro dunha hora.
problem-too-many-messages-title = Pediu moitas claves seguidas
problem-too-many-messages-what = Por seguridade, só enviamos unhas poucas claves por SMS cada hora. Non se asinou nin cambiou nada.
problem-too-many-messages-next = Agarde antes de pedir outra clave.
problem-form-rejected-title = Non puidemos aceptar o formulario
problem-form-rejected-what = Non puidemos comprobar que saíu desta páxina. Pasa cando a páxina estivo aberta moito tempo ou as cookies están desactivadas.
problem-form-rejected-next = Volva á páxina, cárguea de novo e repita. Permita as cookies deste sitio.
problem-not-found-title = Esta páxina non existe
problem-not-found-what = O enderezo está mal escrito ou a páxina xa non está.
problem-not-found-next = Se ía asinar, volva ao servizo que llo pediu e abra a ligazón desde alí.
problem-internal-title = Algo fallou
problem-internal-what = Produciuse un erro no noso sistema. É cousa nosa e quedou anotado.
problem-internal-next = Ténteo de novo dentro duns minutos. Se segue ocorrendo, pida axuda e dea a referencia que aparece ao pé.

## The printed receipt of a registration act

receipt-title = Resgardo de rexistro
receipt-name = Nome
receipt-national-id = DNI ou NIE
receipt-date = Data de rexistro
receipt-code = Código de activación
receipt-next = Active a súa conta en { $address } con este código e o teléfono que rexistrou.
receipt-keep = Garde o resgardo nun lugar seguro e non lle dea o código a ninguén: necesitarao se esquece o contrasinal.
