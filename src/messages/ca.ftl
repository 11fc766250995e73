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
sms-reset-code = Clau per posar una contrasenya nova: { $code }. No la doneu a cap altra persona. Si no l'heu demanada, aviseu l'oficina de registre.
sms-change-code = Clau per canviar la contrasenya: { $code }. No la doneu a cap altra persona. Si no l'heu demanada, alguna persona coneix la vostra contrasenya: canvieu-la.
sms-phone-code = Clau perquè aquest telèfon passi a una altra persona: { $code }. Si no ho voleu, no la doneu a cap altra persona i aviseu l'oficina.
sms-welcome = Ja podeu activar el vostre compte de signatura amb el resguard de registre que heu rebut. Si no ho heu demanat, aviseu l'oficina de registre.
sms-revoked = El vostre certificat de signatura s'ha revocat: { $time } (hora peninsular). Ja no serveix per signar. Si no ho esperaveu, aviseu l'oficina.

## Every page

page-skip = Vés al contingut
page-purpose = Signatura electrònica al núvol
page-language = Idioma:
page-error = Error:
page-contact = Ajuda i contacte: { $desk }
page-reference = Referència d'aquesta pàgina: { $reference }
errors-title = Reviseu això
continue-button = Continua
action-request = Torna a la sol·licitud
action-back-to-app = Torna a { $app }
action-result = Veure el resultat
action-home = Vés al vostre compte de signatura
action-try-again = Torna-ho a provar
retry-at = Podeu tornar-ho a provar a partir d'aquesta hora: { $time }.
step-review = Pas 1 de 2: reviseu i identifiqueu-vos
step-identify = Pas 1 de 2: identifiqueu-vos
step-code = Pas 2 de 2: confirmeu amb la clau de l'SMS

## The request and its documents

review-title = { $app } us demana que signeu { $count ->
        [one] un document
       *[other] { $count } documents
    }
request-heading = La sol·licitud
request-app = Qui ho demana
request-title = Assumpte
request-expires = Podeu signar fins al
request-fingerprint = Empremta
request-fingerprint-hint = L'SMS que rebreu ha de portar aquesta mateixa empremta.
request-number = Número de la sol·licitud: { $number }
documents-title = Documents
documents-advice = Obriu-los i comproveu que són els que voleu signar. Signareu exactament aquests fitxers.
documents-document = Document
documents-type = Tipus
documents-size = Mida
documents-digest-question = Què és el número SHA-256?
documents-digest-answer = Identifica el contingut exacte d'un fitxer: si canvia una sola lletra, canvia el número. Serveix per comprovar que el document que veieu aquí és el mateix que ja teniu per una altra via.
states-title = La vostra signatura també dirà
states-reason = Motiu
states-place = Lloc
states-contact = Contacte
states-field = Camp del PDF
states-commitment = Declareu
states-policy = Política de signatura (les regles amb què se signa)
states-origin = Que heu fet, aprovat i enviat aquest document.
states-receipt = Que heu rebut aquest document.
states-delivery = Que aquest document s'ha lliurat a qui anava adreçat.
states-sender = Que heu enviat aquest document, encara que l'hagi fet una altra persona.
states-approval = Que aproveu el contingut d'aquest document.
states-creation = Que heu fet aquest document, encara que no l'hàgiu aprovat ni enviat.
media-text = Text
media-web-page = Pàgina web
media-file = Fitxer
media-image = Imatge
media-other = Fitxer ({ $type })

## Who one is

identify-title = Identifiqueu-vos per signar
identify-intro = Després us enviarem una clau per SMS al telèfon que teniu registrat. No se signa res fins que l'escriviu.
identify-forgotten = He oblidat la contrasenya
identify-activate = Encara no he activat el compte
identify-blocked = Em sembla que el meu compte està bloquejat
identify-code-blocked = Em sembla que el meu codi està bloquejat
field-national-id = DNI o NIE
field-national-id-hint = Amb la lletra, per exemple 12345678Z o X1234567L.
field-password = Contrasenya
field-email = Correu electrònic
field-email-hint = El que vau donar en registrar-vos. Si no en vau donar cap, deixeu-lo en blanc.
field-activation-code = Codi d'activació
field-activation-code-hint = Són 16 lletres i números. Són al resguard que vau rebre en registrar-vos.
field-code = Clau de l'SMS
field-code-hint = Només números.
field-new-password = Contrasenya nova
field-repeat-password = Repetiu la contrasenya nova
fault-national-id-missing = Escriviu el DNI o NIE.
fault-national-id-shape = Això no sembla un DNI ni un NIE. El DNI té 8 números i una lletra; el NIE, una lletra (X, Y o Z), 7 números i una altra lletra.
fault-national-id-letter = La lletra final no correspon als números. Reviseu el DNI o NIE.
fault-password-missing = Escriviu la contrasenya.
fault-credentials = Les dades no són correctes. Reviseu el DNI o NIE i la contrasenya. Després de diversos intents fallits, el compte es bloqueja.
fault-email-shape = Escriviu l'adreça completa, per exemple nom@exemple.cat.
fault-activation-code-missing = Escriviu el codi d'activació del resguard.
fault-activation = Les dades no són correctes. Reviseu tots els camps. Després de diversos intents fallits, el codi d'activació es bloqueja.
fault-code-missing = Escriviu la clau que heu rebut per SMS.
fault-code-shape = La clau de l'SMS només té números. Escriviu-la tal com l'heu rebuda.
fault-code-wrong = La clau no és correcta. { $count ->
        [one] Us queda un intent.
       *[other] Us queden { $count } intents.
    }
fault-new-password-missing = Escriviu una contrasenya nova.
fault-password-short = La contrasenya és massa curta: feu servir almenys { $count } caràcters.
fault-password-long = La contrasenya és massa llarga: feu servir com a màxim { $count } caràcters.
fault-password-classes = La contrasenya és massa senzilla: barregeu tres d'aquests quatre grups (minúscules, majúscules, números i signes) o feu servir almenys { $count } caràcters.
fault-password-characters = Porta algun caràcter que no s'admet. Només valen lletres, números i els signes { $signs } (sense espais).
fault-password-personal = Conté el vostre nom, els cognoms o el DNI o NIE: trieu-ne una altra.
fault-password-same = És la que teniu ara: trieu-ne una altra.
fault-repeat-password = Les dues contrasenyes no són iguals. Escriviu la mateixa dues vegades.
password-rules-title = Com ha de ser la contrasenya
password-rule-length = Té almenys { $count } caràcters.
password-rule-classes = Si té menys de { $count } caràcters, barreja tres d'aquests quatre grups: minúscules, majúscules, números i signes.
password-rule-personal = No conté el vostre nom, els cognoms ni el DNI o NIE.
password-rule-characters = Només porta lletres, números i aquests signes: { $signs }
password-rule-same = No és la contrasenya que teniu ara.
password-rule-longest = Té com a màxim { $count } caràcters.

## The code

code-title = Escriviu la clau de l'SMS per signar
code-title-password = Escriviu la clau de l'SMS i trieu una contrasenya
code-sent = L'hem enviada al telèfon que acaba en { $digits }.
code-fingerprint-hint = Comproveu que l'SMS porta aquesta empremta. Si no coincideix, no continueu.
code-valid = { $count ->
        [one] La clau val un minut més, fins a les { $time }.
       *[other] La clau val { $count } minuts més, fins a les { $time }.
    }
code-tries = { $count ->
        [one] Us queda un intent.
       *[other] Teniu { $count } intents.
    }
code-sign-button = { $count ->
        [one] Signa el document
       *[other] Signa { $count } documents
    }
code-save-button = Desa la contrasenya
code-start-again = Torna a començar
code-resent = Us hem enviat una altra clau. L'anterior ja no val.
resend-title = No us ha arribat?
resend-text = Pot tardar un parell de minuts. També podeu demanar una altra clau; l'anterior deixarà de valer. Si en rebeu més d'una, feu servir l'última.
resend-button = Envia una altra clau
resend-none = Ja no us podem enviar més claus en aquest intent. Si no us n'ha arribat cap, torneu a començar.
access-last = El vostre últim accés va ser el { $moment }. Si no vau ser vós, canvieu la contrasenya i aviseu l'oficina de registre.
access-first = És la primera vegada que accediu amb aquest compte.

## To decline

decline-link = No vull signar
decline-title = Segur que no voleu signar?
decline-text = No se signarà cap document i { $app } sabrà que heu rebutjat la sol·licitud. Després no podreu canviar d'idea amb aquest enllaç.
decline-button = No signis

## The result

signing-title = Estem signant
signing-text = Tardarà uns segons. Aquesta pàgina s'actualitza sola; no cal que repetiu res.
signing-now = Actualitza ara
done-title = { $count ->
        [one] El document està signat
       *[other] Els { $count } documents estan signats
    }
done-title-some = { $signed ->
        [one] S'ha signat un
       *[other] S'han signat { $signed }
    } dels { $count } documents
done-text = { $app } ja pot recollir el resultat. No heu de fer res més aquí.
done-results = Resultat de cada document
done-signed = Signat
done-failed = No s'ha signat
done-close = Podeu tancar aquesta pàgina.
reason-not-a-pdf = El fitxer no és un PDF.
reason-damaged = El PDF està malmès i no es pot llegir.
reason-encrypted = El PDF està protegit amb contrasenya.
reason-locked = El PDF està tancat i no admet més signatures.
reason-unsupported = El document no es pot signar de la manera que va demanar el servei.
reason-missing = El document ja no està disponible.
reason-changed = El document desat no és igual que el que vau veure, per això no s'ha signat.
reason-signer = Ja no podeu signar: mentrestant, el vostre compte o el vostre certificat s'ha bloquejat o anul·lat.
reason-kek-missing = A l'equip que guarda les claus de signatura li falta una part que protegeix la vostra. Demaneu al servei que us enviï una altra sol·licitud més tard.
reason-fault = Ha fallat el nostre sistema. Demaneu al servei que us enviï una altra sol·licitud.

## The account

home-title = El vostre compte de signatura
home-intro = Aquí administreu el compte amb què signeu. Per signar un document, obriu l'enllaç que us dona el servei que us ho demana.
home-activate = La primera vegada, amb el codi del resguard de registre.
home-reset = Si l'heu oblidada, ha caducat o el compte està bloquejat.
home-change = Si la sabeu i en voleu posar una altra.
home-help = Què cal fer quan alguna cosa us impedeix signar.
activate-title = Activar el compte
activate-intro = Tingueu a mà el resguard de registre i el telèfon. Triareu una contrasenya i podreu començar a signar.
activate-done-title = El vostre compte està activat
activate-done-text = Ja podeu fer servir el DNI o NIE i la contrasenya. Deseu el resguard en un lloc segur: el necessitareu si oblideu la contrasenya.
reset-title = Posar una contrasenya nova
reset-intro = Necessiteu el codi d'activació del resguard de registre i el telèfon que teniu registrat.
reset-done-title = La contrasenya nova està desada
reset-done-text = L'anterior ja no val. Si el compte estava bloquejat, ja no ho està.
change-title = Canviar la contrasenya
change-intro = Necessiteu la contrasenya actual i el telèfon que teniu registrat.
change-done-title = La contrasenya està canviada
change-done-text = L'anterior ja no val.

## Help, accessibility, cookies

help-title = Ajuda
help-intro = Trieu què us passa.
accessibility-title = Accessibilitat
accessibility-aim = Aquestes pàgines s'han fet per complir el nivell AA de les pautes WCAG 2.1, com exigeix el Reial decret 1112/2018: funcionen amb teclat, amb lector de pantalla, sense JavaScript, amb el text ampliat i en pantalles petites.
accessibility-limits = Els documents que signeu els prepara el servei que us ho demana, i la seva accessibilitat depèn d'ell.
accessibility-time = Per seguretat, la clau de l'SMS val uns minuts. Si necessiteu més temps, demaneu-ne una altra o torneu a començar: no perdeu la sol·licitud.
accessibility-contact = Si alguna cosa us impedeix fer servir aquestes pàgines, aviseu el servei que us va demanar la signatura o el contacte que surt al peu.
cookies-title = Galetes
cookies-use = Només fem servir les galetes necessàries perquè aquestes pàgines funcionin. No n'hi ha de tercers, ni de publicitat, ni de mesura.
cookies-list = Una recorda durant un any l'idioma que heu triat o, si no n'heu triat cap, el de l'última sol·licitud que heu obert, fins que tanqueu el navegador. Una altra comprova que els formularis que envieu surten del vostre navegador, fins que el tanqueu. La tercera existeix mentre escriviu la clau de l'SMS: conté les dades que protegeixen la vostra signatura o la contrasenya nova i el moment del vostre últim accés. S'esborra en acabar o, si no acabeu, deu minuts després que la clau caduqui. Quan poseu una contrasenya nova, queda durant deu minuts una nota que ja està fet. Si aneu des d'una sol·licitud a activar el compte o a posar una altra contrasenya, una altra recorda durant una hora quina era la sol·licitud, perquè hi pugueu tornar; s'esborra quan hi torneu.

## Problems: what happened and what to do next

problem-next-title = Què podeu fer
problem-unknown-link-title = Aquest enllaç no és vàlid
problem-unknown-link-what = No hi ha cap sol·licitud de signatura en aquesta adreça. Potser l'enllaç està tallat o mal copiat.
problem-unknown-link-next = Torneu al servei que us va demanar la signatura i obriu l'enllaç des d'allà.
problem-expired-link-title = La sol·licitud ha caducat
problem-expired-link-what = S'ha acabat el termini per signar. No s'ha signat res.
problem-expired-link-next = Torneu al servei que us ho va demanar i feu que us n'enviï una altra.
problem-used-link-title = Aquesta sol·licitud ja està signada
problem-used-link-what = L'enllaç serveix una sola vegada i ja es va fer servir per signar.
problem-used-link-next = Els documents signats els té el servei que els va demanar. Si no els vau signar vós, aviseu com més aviat millor l'oficina de registre.
problem-cancelled-title = El servei ha retirat la sol·licitud
problem-cancelled-what = Qui va demanar la signatura l'ha anul·lada. No s'ha signat res.
problem-cancelled-next = Si creieu que és un error, pregunteu al servei que us ho va demanar.
problem-app-disabled-title = El servei que ho demana està desactivat
problem-app-disabled-what = L'administració d'aquest lloc ha desactivat el servei que demana aquesta signatura. Mentre ho estigui, no es pot aprovar res del que va demanar. No s'ha signat res.
problem-app-disabled-next = No cal que feu res. Si el servei es torna a activar abans que caduqui la sol·licitud, la podreu aprovar amb aquest mateix enllaç. Si teniu dubtes, pregunteu a qui us ho va demanar per un altre mitjà.
problem-declined-title = La sol·licitud està rebutjada
problem-declined-what = Es va triar no signar. No s'ha signat res i el servei ja ho sap.
problem-declined-next = Si heu canviat d'idea, demaneu al servei una altra sol·licitud.
problem-codes-exhausted-title = Massa claus incorrectes
problem-codes-exhausted-what = Per seguretat, la sol·licitud s'ha rebutjat. No s'ha signat res i el servei ja ho sap.
problem-codes-exhausted-next = Torneu al servei i demaneu una altra sol·licitud. Si no éreu vós qui escrivia les claus, canvieu la contrasenya.
problem-nothing-signed-title = No s'ha pogut signar
problem-nothing-signed-what = La signatura es va aprovar, però no s'ha pogut signar cap document. El servei ja ho sap.
problem-nothing-signed-next = Torneu al servei i demaneu una altra sol·licitud.
problem-not-activated-title = El vostre compte no està activat
problem-not-activated-what = Esteu registrat, però encara no heu activat el compte. Sense activar-lo no es pot signar.
problem-not-activated-next = Activeu-lo amb el codi del resguard de registre. Es fa en uns minuts i després podeu tornar a aquesta sol·licitud.
problem-basic-level-title = El vostre nivell de registre no permet signar
problem-basic-level-what = Us vau registrar a distància i teniu el nivell bàsic. Per signar cal el nivell avançat.
problem-basic-level-next = Per pujar de nivell, aneu en persona a una oficina de registre amb el DNI o NIE, o registreu-vos per internet amb certificat electrònic o DNIe. Després podreu signar.
problem-blocked-title = El vostre compte està bloquejat
problem-blocked-what = S'han escrit malament la contrasenya o les claus enviades per SMS massa vegades. El compte queda bloquejat per protegir-vos.
problem-blocked-next = Poseu una contrasenya nova amb el codi d'activació del resguard. Si ja no el teniu, aneu a una oficina de registre. Si no ho vau intentar vós, aviseu-la també.
problem-no-phone-title = No tenim el vostre telèfon
problem-no-phone-what = El vostre compte no té cap telèfon mòbil on enviar la clau. Acostuma a passar quan el número ha passat a una altra persona.
problem-no-phone-next = Doneu el número actual en una oficina de registre. La contrasenya i el certificat continuen servint.
problem-password-expired-title = La vostra contrasenya ha caducat
problem-password-expired-what = Les contrasenyes valen un temps limitat i el de la vostra s'ha acabat.
problem-password-expired-next = Poseu-ne una altra amb el codi d'activació del resguard. El certificat de signatura continua servint.
problem-no-credential-title = No teniu certificat de signatura
problem-no-credential-what = El vostre compte està en ordre, però encara no s'ha emès el certificat per signar, o es va revocar.
problem-no-credential-next = Demaneu l'emissió del certificat en una oficina de registre.
problem-credential-expired-title = El vostre certificat de signatura ha caducat
problem-credential-expired-what = El certificat amb què signeu ha arribat al final de la seva validesa.
problem-credential-expired-next = Demaneu-ne un de nou en una oficina de registre.
problem-activation-blocked-title = El vostre codi d'activació està bloquejat
problem-activation-blocked-what = S'ha escrit malament massa vegades i ja no es pot fer servir.
problem-activation-blocked-next = Demaneu un codi nou en una oficina de registre, amb el DNI o NIE.
problem-already-active-title = El vostre compte ja està activat
problem-already-active-what = Ja vau triar una contrasenya en el seu dia, així que no cal tornar a activar el compte.
problem-already-active-next = Feu servir la contrasenya. Si l'heu oblidada, poseu-ne una de nova.
problem-code-expired-title = La clau de l'SMS ha caducat
problem-code-expired-what = Ha passat el temps per escriure-la. No s'ha signat ni canviat res.
problem-code-expired-next = Torneu a començar i us n'enviarem una altra. No perdeu la sol·licitud.
problem-too-many-codes-title = Massa claus incorrectes
problem-too-many-codes-what = Per seguretat, hem aturat aquest intent. No s'ha canviat res.
problem-too-many-codes-next = Torneu a començar i us enviarem una altra clau.
problem-step-gone-title = Hem de tornar a començar
problem-step-gone-what = Aquest navegador no té les dades del pas anterior. Potser ha passat el temps, el pas ja està acabat o les galetes estan desactivades.
problem-step-gone-next = Torneu a començar. Si torna a passar, permeteu les galetes d'aquest lloc.
problem-sms-not-sent-title = No hem pogut enviar l'SMS
problem-sms-not-sent-what = El servei de missatges no respon. No s'ha signat ni canviat res.
problem-sms-not-sent-next = Torneu-ho a provar d'aquí a uns minuts. Si heu canviat de número, doneu el nou en una oficina de registre.
problem-document-altered-title = Un document ha canviat
problem-document-altered-what = Un document d'aquesta sol·licitud no és el que va enviar el servei. Per seguretat no es pot signar. No s'ha signat res.
problem-document-altered-next = Aviseu el servei que us ho va demanar i feu que us n'enviï una altra.
problem-hsm-away-title = Ara mateix no es pot signar
problem-hsm-away-what = L'equip que guarda les claus de signatura no respon. No s'ha signat res i la sol·licitud continua oberta.
problem-hsm-away-next = Torneu-ho a provar d'aquí a uns minuts amb el mateix enllaç.
problem-kek-missing-title = Ara mateix no es pot fer servir la vostra clau de signatura
problem-kek-missing-what = A l'equip que guarda les claus de signatura li falta una part que protegeix la vostra. No s'ha signat res i la sol·licitud continua oberta.
problem-kek-missing-next = Els qui mantenen aquest servei l'han de reposar. Torneu-ho a provar més tard amb el mateix enllaç; si continua fallant, consulteu el servei que us ha enviat aquí.
problem-service-away-title = El servei no està disponible
problem-service-away-what = Una part del nostre sistema no respon. És cosa nostra.
problem-service-away-next = Torneu-ho a provar d'aquí a uns minuts amb el mateix enllaç.
problem-busy-title = Hi ha molta gent alhora
problem-busy-what = Ara mateix no us podem atendre.
problem-busy-next = Espereu un minut i torneu-ho a provar.
problem-too-many-tries-title = Massa intents seguits
problem-too-many-tries-what = Hem rebut molts intents en poc temps i fem una pausa per seguretat.
problem-too-many-tries-next = Espereu i torneu-ho a provar més tard; com a molt, d'aquí a una hora.
problem-too-many-messages-title = Heu demanat moltes claus seguides
problem-too-many-messages-what = Per seguretat, només enviem unes poques claus per SMS cada hora. No s'ha signat ni canviat res.
problem-too-many-messages-next = Espereu abans de demanar una altra clau.
problem-form-rejected-title = No hem pogut acceptar el formulari
problem-form-rejected-what = No hem pogut comprovar que va sortir d'aquesta pàgina. Passa quan la pàgina ha estat oberta molta estona o les galetes estan desactivades.
problem-form-rejected-next = Torneu a la pàgina, carregueu-la de nou i repetiu. Permeteu les galetes d'aquest lloc.
problem-not-found-title = Aquesta pàgina no existeix
problem-not-found-what = L'adreça està mal escrita o la pàgina ja no hi és.
problem-not-found-next = Si anàveu a signar, torneu al servei que us ho va demanar i obriu l'enllaç des d'allà.
problem-internal-title = Alguna cosa ha fallat
problem-internal-what = Hi ha hagut un error al nostre sistema. És cosa nostra i ha quedat anotat.
problem-internal-next = Torneu-ho a provar d'aquí a uns minuts. Si continua passant, demaneu ajuda i doneu la referència que surt al peu.

## The printed receipt of a registration act

receipt-title = Resguard de registre
receipt-name = Nom
receipt-national-id = DNI o NIE
receipt-date = Data de registre
receipt-code = Codi d'activació
receipt-next = Activeu el compte a { $address } amb aquest codi i el telèfon que heu registrat.
receipt-keep = Deseu el resguard en un lloc segur i no doneu el codi a ningú: el necessitareu si oblideu la contrasenya.
