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
sms-reset-code = Clau per a posar una contrasenya nova: { $code }. No la done a cap altra persona. Si no l'ha demanada, avise l'oficina de registre.
sms-change-code = Clau per a canviar la contrasenya: { $code }. No la done a cap altra persona. Si no l'ha demanada, alguna persona coneix la seua contrasenya: canvie-la.
sms-phone-code = Clau perquè este telèfon passe a una altra persona: { $code }. Si no ho vol, no la done a cap altra persona i avise l'oficina.
sms-welcome = Ja pot activar el seu compte de firma amb el resguard de registre que ha rebut. Si no ho ha demanat, avise l'oficina de registre.
sms-revoked = El seu certificat de firma s'ha revocat: { $time } (hora peninsular). Ja no servix per a firmar. Si no ho esperava, avise l'oficina.

## Every page

page-skip = Anar al contingut
page-purpose = Firma electrònica en el núvol
page-language = Idioma:
page-error = Error:
page-contact = Ajuda i contacte: { $desk }
page-reference = Referència d'esta pàgina: { $reference }
errors-title = Revise açò
continue-button = Continuar
action-request = Tornar a la sol·licitud
action-back-to-app = Tornar a { $app }
action-result = Vore el resultat
action-home = Anar al seu compte de firma
action-try-again = Tornar a provar
retry-at = Pot tornar a provar a partir d'esta hora: { $time }.
step-review = Pas 1 de 2: revise i identifique's
step-identify = Pas 1 de 2: identifique's
step-code = Pas 2 de 2: confirme amb la clau de l'SMS

## The request and its documents

review-title = { $app } li demana que firme { $count ->
        [one] un document
       *[other] { $count } documents
    }
request-heading = La sol·licitud
request-app = Qui ho demana
request-title = Assumpte
request-expires = Pot firmar fins al
request-fingerprint = Empremta
request-fingerprint-hint = L'SMS que rebrà ha de portar esta mateixa empremta.
request-number = Número de la sol·licitud: { $number }
documents-title = Documents
documents-advice = Òbriga'ls i comprove que són els que vol firmar. Firmarà exactament estos fitxers.
documents-document = Document
documents-type = Tipus
documents-size = Grandària
documents-digest-question = Què és el número SHA-256?
documents-digest-answer = Identifica el contingut exacte d'un fitxer: si canvia una sola lletra, canvia el número. Servix per a comprovar que el document que veu ací és el mateix que ja té per una altra via.
states-title = La seua firma també dirà
states-reason = Motiu
states-place = Lloc
states-contact = Contacte
states-field = Camp del PDF
states-commitment = Vosté declara
states-policy = Política de firma (les regles amb què es firma)
states-origin = Que ha fet, aprovat i enviat este document.
states-receipt = Que ha rebut este document.
states-delivery = Que este document s'ha entregat a qui anava dirigit.
states-sender = Que ha enviat este document, encara que l'haja fet una altra persona.
states-approval = Que aprova el contingut d'este document.
states-creation = Que ha fet este document, encara que no l'haja aprovat ni enviat.
media-text = Text
media-web-page = Pàgina web
media-file = Fitxer
media-image = Imatge
media-other = Fitxer ({ $type })

## Who one is

identify-title = Identifique's per a firmar
identify-intro = Després li enviarem una clau per SMS al telèfon que té registrat. No es firma res fins que l'escriga.
identify-forgotten = He oblidat la contrasenya
identify-activate = Encara no he activat el compte
identify-blocked = Em pareix que el meu compte està bloquejat
identify-code-blocked = Em pareix que el meu codi està bloquejat
field-national-id = DNI o NIE
field-national-id-hint = Amb la lletra, per exemple 12345678Z o X1234567L.
field-password = Contrasenya
field-email = Correu electrònic
field-email-hint = El que va donar en registrar-se. Si no en va donar cap, deixe'l en blanc.
field-activation-code = Codi d'activació
field-activation-code-hint = Són 16 lletres i números. Estan en el resguard que va rebre en registrar-se.
field-code = Clau de l'SMS
field-code-hint = Només números.
field-new-password = Contrasenya nova
field-repeat-password = Repetisca la contrasenya nova
fault-national-id-missing = Escriga el DNI o NIE.
fault-national-id-shape = Això no pareix un DNI ni un NIE. El DNI té 8 números i una lletra; el NIE, una lletra (X, Y o Z), 7 números i una altra lletra.
fault-national-id-letter = La lletra final no correspon als números. Revise el DNI o NIE.
fault-password-missing = Escriga la contrasenya.
fault-credentials = Les dades no són correctes. Revise el DNI o NIE i la contrasenya. Després de diversos intents fallits, el compte es bloqueja.
fault-email-shape = Escriga l'adreça completa, per exemple nom@exemple.es.
fault-activation-code-missing = Escriga el codi d'activació del resguard.
fault-activation = Les dades no són correctes. Revise tots els camps. Després de diversos intents fallits, el codi d'activació es bloqueja.
fault-code-missing = Escriga la clau que ha rebut per SMS.
fault-code-shape = La clau de l'SMS només té números. Escriga-la tal com l'ha rebuda.
fault-code-wrong = La clau no és correcta. { $count ->
        [one] Li queda un intent.
       *[other] Li queden { $count } intents.
    }
fault-new-password-missing = Escriga una contrasenya nova.
fault-password-short = La contrasenya és massa curta: use almenys { $count } caràcters.
fault-password-long = La contrasenya és massa llarga: use com a màxim { $count } caràcters.
fault-password-classes = La contrasenya és massa senzilla: mescle tres d'estos quatre grups (minúscules, majúscules, números i signes) o use almenys { $count } caràcters.
fault-password-characters = Porta algun caràcter que no s'admet. Només valen lletres, números i els signes { $signs } (sense espais).
fault-password-personal = Conté el seu nom, els cognoms o el DNI o NIE: trie'n una altra.
fault-password-same = És la que té ara: trie'n una altra.
fault-repeat-password = Les dos contrasenyes no són iguals. Escriga la mateixa dos vegades.
password-rules-title = Com ha de ser la contrasenya
password-rule-length = Té almenys { $count } caràcters.
password-rule-classes = Si té menys de { $count } caràcters, mescla tres d'estos quatre grups: minúscules, majúscules, números i signes.
password-rule-personal = No conté el seu nom, els cognoms ni el DNI o NIE.
password-rule-characters = Només porta lletres, números i estos signes: { $signs }
password-rule-same = No és la contrasenya que té ara.
password-rule-longest = Té com a màxim { $count } caràcters.

## The code

code-title = Escriga la clau de l'SMS per a firmar
code-title-password = Escriga la clau de l'SMS i trie una contrasenya
code-sent = L'hem enviada al telèfon que acaba en { $digits }.
code-fingerprint-hint = Comprove que l'SMS porta esta empremta. Si no coincidix, no continue.
code-valid = { $count ->
        [one] La clau val un minut més, fins a les { $time }.
       *[other] La clau val { $count } minuts més, fins a les { $time }.
    }
code-tries = { $count ->
        [one] Li queda un intent.
       *[other] Té { $count } intents.
    }
code-sign-button = { $count ->
        [one] Firmar el document
       *[other] Firmar { $count } documents
    }
code-save-button = Guardar la contrasenya
code-start-again = Tornar a començar
code-resent = Li hem enviat una altra clau. L'anterior ja no val.
resend-title = No li ha arribat?
resend-text = Pot tardar un parell de minuts. També pot demanar una altra clau; l'anterior deixarà de valdre. Si en rep més d'una, use l'última.
resend-button = Enviar una altra clau
resend-none = Ja no li podem enviar més claus en este intent. Si no li n'ha arribat cap, torne a començar.
access-last = El seu últim accés va ser el { $moment }. Si no va ser vosté, canvie la contrasenya i avise l'oficina de registre.
access-first = És la primera vegada que accedix amb este compte.

## To decline

decline-link = No vull firmar
decline-title = Segur que no vol firmar?
decline-text = No es firmarà cap document i { $app } sabrà que ha rebutjat la sol·licitud. Després no podrà canviar d'idea amb este enllaç.
decline-button = No firmar

## The result

signing-title = Estem firmant
signing-text = Tardarà uns segons. Esta pàgina s'actualitza sola; no cal que repetisca res.
signing-now = Actualitzar ara
done-title = { $count ->
        [one] El document està firmat
       *[other] Els { $count } documents estan firmats
    }
done-title-some = { $signed ->
        [one] S'ha firmat un
       *[other] S'han firmat { $signed }
    } dels { $count } documents
done-text = { $app } ja pot arreplegar el resultat. No ha de fer res més ací.
done-results = Resultat de cada document
done-signed = Firmat
done-failed = No s'ha firmat
done-close = Pot tancar esta pàgina.
reason-not-a-pdf = El fitxer no és un PDF.
reason-damaged = El PDF està malmés i no es pot llegir.
reason-encrypted = El PDF està protegit amb contrasenya.
reason-locked = El PDF està tancat i no admet més firmes.
reason-unsupported = El document no es pot firmar de la manera que va demanar el servici.
reason-missing = El document ja no està disponible.
reason-changed = El document guardat no és igual que el que va vore, per això no s'ha firmat.
reason-signer = Ja no pot firmar: mentrestant, el seu compte o el seu certificat s'ha bloquejat o anul·lat.
reason-kek-missing = A l'equip que guarda les claus de firma li falta una part que protegix la seua. Demane al servici que li envie una altra sol·licitud més tard.
reason-fault = Ha fallat el nostre sistema. Demane al servici que li envie una altra sol·licitud.

## The account

home-title = El seu compte de firma
home-intro = Ací administra el compte amb què firma. Per a firmar un document, òbriga l'enllaç que li dona el servici que li ho demana.
home-activate = La primera vegada, amb el codi del resguard de registre.
home-reset = Si l'ha oblidada, ha caducat o el compte està bloquejat.
home-change = Si la sap i en vol posar una altra.
home-help = Què cal fer quan alguna cosa li impedix firmar.
activate-title = Activar el compte
activate-intro = Tinga a mà el resguard de registre i el telèfon. Triarà una contrasenya i podrà començar a firmar.
activate-done-title = El seu compte està activat
activate-done-text = Ja pot usar el DNI o NIE i la contrasenya. Guarde el resguard en un lloc segur: el necessitarà si oblida la contrasenya.
reset-title = Posar una contrasenya nova
reset-intro = Necessita el codi d'activació del resguard de registre i el telèfon que té registrat.
reset-done-title = La contrasenya nova està guardada
reset-done-text = L'anterior ja no val. Si el compte estava bloquejat, ja no ho està.
change-title = Canviar la contrasenya
change-intro = Necessita la contrasenya actual i el telèfon que té registrat.
change-done-title = La contrasenya està canviada
change-done-text = L'anterior ja no val.

## Help, accessibility, cookies

help-title = Ajuda
help-intro = Trie què li passa.
accessibility-title = Accessibilitat
accessibility-aim = Estes pàgines s'han fet per a complir el nivell AA de les pautes WCAG 2.1, com exigix el Reial decret 1112/2018: funcionen amb teclat, amb lector de pantalla, sense JavaScript, amb el text ampliat i en pantalles menudes.
accessibility-limits = Els documents que firma els prepara el servici que li ho demana, i la seua accessibilitat depén d'ell.
accessibility-time = Per seguretat, la clau de l'SMS val uns minuts. Si necessita més temps, demane'n una altra o torne a començar: no perd la sol·licitud.
accessibility-contact = Si alguna cosa li impedix usar estes pàgines, avise el servici que li va demanar la firma o el contacte que apareix al peu.
cookies-title = Galetes
cookies-use = Només usem les galetes necessàries perquè estes pàgines funcionen. No n'hi ha de tercers, ni de publicitat, ni de mesura.
cookies-list = Una recorda durant un any l'idioma que ha triat o, si no n'ha triat cap, el de l'última sol·licitud que ha obert, fins que tanca el navegador. Una altra comprova que els formularis que envia ixen del seu navegador, fins que el tanca. La tercera existix mentres escriu la clau de l'SMS: conté les dades que protegixen la seua firma o la contrasenya nova i el moment del seu últim accés. S'esborra en acabar o, si no acaba, deu minuts després que la clau caduque. Quan posa una contrasenya nova, queda durant deu minuts una nota que ja està fet. Si va des d'una sol·licitud a activar el compte o a posar una altra contrasenya, una altra recorda durant una hora quina era la sol·licitud, perquè hi puga tornar; s'esborra quan hi torna.

## Problems: what happened and what to do next

problem-next-title = Què pot fer
problem-unknown-link-title = Este enllaç no és vàlid
problem-unknown-link-what = No hi ha cap sol·licitud de firma en esta adreça. Potser l'enllaç està tallat o mal copiat.
problem-unknown-link-next = Torne al servici que li va demanar la firma i òbriga l'enllaç des d'allí.
problem-expired-link-title = La sol·licitud ha caducat
problem-expired-link-what = S'ha acabat el termini per a firmar. No s'ha firmat res.
problem-expired-link-next = Torne al servici que li ho va demanar i faça que li n'envie una altra.
problem-used-link-title = Esta sol·licitud ja està firmada
problem-used-link-what = L'enllaç servix una sola vegada i ja es va usar per a firmar.
problem-used-link-next = Els documents firmats els té el servici que els va demanar. Si no els va firmar vosté, avise com més prompte millor l'oficina de registre.
problem-cancelled-title = El servici ha retirat la sol·licitud
problem-cancelled-what = Qui va demanar la firma l'ha anul·lada. No s'ha firmat res.
problem-cancelled-next = Si creu que és un error, pregunte al servici que li ho va demanar.
problem-app-disabled-title = El servici que ho demana està desactivat
problem-app-disabled-what = L'administració d'este lloc ha desactivat el servici que demana esta firma. Mentre ho estiga, no es pot aprovar res del que va demanar. No s'ha firmat res.
problem-app-disabled-next = No cal que faça res. Si el servici es torna a activar abans que caduque la sol·licitud, la podrà aprovar amb este mateix enllaç. Si té dubtes, pregunte a qui li ho va demanar per un altre mitjà.
problem-declined-title = La sol·licitud està rebutjada
problem-declined-what = Es va triar no firmar. No s'ha firmat res i el servici ja ho sap.
problem-declined-next = Si ha canviat d'idea, demane al servici una altra sol·licitud.
problem-codes-exhausted-title = Massa claus incorrectes
problem-codes-exhausted-what = Per seguretat, la sol·licitud s'ha rebutjat. No s'ha firmat res i el servici ja ho sap.
problem-codes-exhausted-next = Torne al servici i demane una altra sol·licitud. Si no era vosté qui escrivia les claus, canvie la contrasenya.
problem-nothing-signed-title = No s'ha pogut firmar
problem-nothing-signed-what = La firma es va aprovar, però no s'ha pogut firmar cap document. El servici ja ho sap.
problem-nothing-signed-next = Torne al servici i demane una altra sol·licitud.
problem-not-activated-title = El seu compte no està activat
problem-not-activated-what = Està registrat, però encara no ha activat el compte. Sense activar-lo no es pot firmar.
problem-not-activated-next = Active'l amb el codi del resguard de registre. Es fa en uns minuts i després pot tornar a esta sol·licitud.
problem-basic-level-title = El seu nivell de registre no permet firmar
problem-basic-level-what = Es va registrar a distància i té el nivell bàsic. Per a firmar cal el nivell avançat.
problem-basic-level-next = Per a pujar de nivell, vaja en persona a una oficina de registre amb el DNI o NIE, o registre's per internet amb certificat electrònic o DNIe. Després podrà firmar.
problem-blocked-title = El seu compte està bloquejat
problem-blocked-what = S'han escrit malament la contrasenya o les claus enviades per SMS massa vegades. El compte queda bloquejat per a protegir-lo.
problem-blocked-next = Pose una contrasenya nova amb el codi d'activació del resguard. Si ja no el té, vaja a una oficina de registre. Si no ho va intentar vosté, avise-la també.
problem-no-phone-title = No tenim el seu telèfon
problem-no-phone-what = El seu compte no té cap telèfon mòbil on enviar la clau. Sol passar quan el número ha passat a una altra persona.
problem-no-phone-next = Done el número actual en una oficina de registre. La contrasenya i el certificat continuen servint.
problem-password-expired-title = La seua contrasenya ha caducat
problem-password-expired-what = Les contrasenyes valen un temps limitat i el de la seua s'ha acabat.
problem-password-expired-next = Pose'n una altra amb el codi d'activació del resguard. El certificat de firma continua servint.
problem-no-credential-title = No té certificat de firma
problem-no-credential-what = El seu compte està en orde, però encara no s'ha emés el certificat per a firmar, o es va revocar.
problem-no-credential-next = Demane l'emissió del certificat en una oficina de registre.
problem-credential-expired-title = El seu certificat de firma ha caducat
problem-credential-expired-what = El certificat amb què firma ha arribat al final de la seua validesa.
problem-credential-expired-next = Demane'n un de nou en una oficina de registre.
problem-activation-blocked-title = El seu codi d'activació està bloquejat
problem-activation-blocked-what = S'ha escrit malament massa vegades i ja no es pot usar.
problem-activation-blocked-next = Demane un codi nou en una oficina de registre, amb el DNI o NIE.
problem-already-active-title = El seu compte ja està activat
problem-already-active-what = Ja va triar una contrasenya en el seu dia, així que no cal tornar a activar el compte.
problem-already-active-next = Use la contrasenya. Si l'ha oblidada, pose'n una de nova.
problem-code-expired-title = La clau de l'SMS ha caducat
problem-code-expired-what = Ha passat el temps per a escriure-la. No s'ha firmat ni canviat res.
problem-code-expired-next = Torne a començar i li n'enviarem una altra. No perd la sol·licitud.
problem-too-many-codes-title = Massa claus incorrectes
problem-too-many-codes-what = Per seguretat, hem parat este intent. No s'ha canviat res.
problem-too-many-codes-next = Torne a començar i li enviarem una altra clau.
problem-step-gone-title = Hem de tornar a començar
problem-step-gone-what = Este navegador no té les dades del pas anterior. Potser ha passat el temps, el pas ja està acabat o les galetes estan desactivades.
problem-step-gone-next = Torne a començar. Si torna a passar, permeta les galetes d'este lloc.
problem-sms-not-sent-title = No hem pogut enviar l'SMS
problem-sms-not-sent-what = El servici de missatges no respon. No s'ha firmat ni canviat res.
problem-sms-not-sent-next = Torne a provar d'ací a uns minuts. Si ha canviat de número, done el nou en una oficina de registre.
problem-document-altered-title = Un document ha canviat
problem-document-altered-what = Un document d'esta sol·licitud no és el que va enviar el servici. Per seguretat no es pot firmar. No s'ha firmat res.
problem-document-altered-next = Avise el servici que li ho va demanar i faça que li n'envie una altra.
problem-hsm-away-title = Ara mateix no es pot firmar
problem-hsm-away-what = L'equip que guarda les claus de firma no respon. No s'ha firmat res i la sol·licitud continua oberta.
problem-hsm-away-next = Torne a provar d'ací a uns minuts amb el mateix enllaç.
problem-kek-missing-title = Ara mateix no es pot usar la seua clau de firma
problem-kek-missing-what = A l'equip que guarda les claus de firma li falta una part que protegix la seua. No s'ha firmat res i la sol·licitud continua oberta.
problem-kek-missing-next = Els qui mantenen este servici l'han de reposar. Torne a provar més tard amb el mateix enllaç; si continua fallant, consulte el servici que l'ha enviat ací.
problem-service-away-title = El servici no està disponible
problem-service-away-what = Una part del nostre sistema no respon. És cosa nostra.
problem-service-away-next = Torne a provar d'ací a uns minuts amb el mateix enllaç.
problem-busy-title = Hi ha molta gent alhora
problem-busy-what = Ara mateix no el podem atendre.
problem-busy-next = Espere un minut i torne a provar.
problem-too-many-tries-title = Massa intents seguits
problem-too-many-tries-what = Hem rebut molts intents en poc temps i fem una pausa per seguretat.
problem-too-many-tries-next = Espere i torne a provar més tard; com a molt, d'ací a una hora.
problem-too-many-messages-title = Ha demanat moltes claus seguides
problem-too-many-messages-what = Per seguretat, només enviem unes poques claus per SMS cada hora. No s'ha firmat ni canviat res.
problem-too-many-messages-next = Espere abans de demanar una altra clau.
problem-form-rejected-title = No hem pogut acceptar el formulari
problem-form-rejected-what = No hem pogut comprovar que va eixir d'esta pàgina. Passa quan la pàgina ha estat oberta molta estona o les galetes estan desactivades.
problem-form-rejected-next = Torne a la pàgina, carregue-la de nou i repetisca. Permeta les galetes d'este lloc.
problem-not-found-title = Esta pàgina no existix
problem-not-found-what = L'adreça està mal escrita o la pàgina ja no hi és.
problem-not-found-next = Si anava a firmar, torne al servici que li ho va demanar i òbriga l'enllaç des d'allí.
problem-internal-title = Alguna cosa ha fallat
problem-internal-what = Hi ha hagut un error en el nostre sistema. És cosa nostra i ha quedat anotat.
problem-internal-next = Torne a provar d'ací a uns minuts. Si continua passant, demane ajuda i done la referència que apareix al peu.

## The printed receipt of a registration act

receipt-title = Resguard de registre
receipt-name = Nom
receipt-national-id = DNI o NIE
receipt-date = Data de registre
receipt-code = Codi d'activació
receipt-next = Active el compte en { $address } amb este codi i el telèfon que ha registrat.
receipt-keep = Guarde el resguard en un lloc segur i no done el codi a cap altra persona: el necessitarà si oblida la contrasenya.
