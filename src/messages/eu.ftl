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
sms-reset-code = Pasahitz berria jartzeko kodea: { $code }. Ez eman beste inori. Zuk eskatu ez baduzu, jakinarazi erregistro-bulegoan.
sms-change-code = Pasahitza aldatzeko kodea: { $code }. Ez eman beste inori. Zuk eskatu ez baduzu, beste norbaitek badaki zure pasahitza: aldatu.
sms-phone-code = Telefono hau beste pertsona batena izateko kodea: { $code }. Nahi ez baduzu, ez eman inori eta esan erregistro-bulegoan.
sms-welcome = Zure sinadura-kontua aktiba dezakezu, jaso duzun erregistro-agiriarekin. Zuk eskatu ez baduzu, jakinarazi erregistro-bulegoan.
sms-revoked = Zure sinadura-ziurtagiria baliogabetu da: { $time } (penintsulako ordua). Ez du sinatzeko balio. Espero ez bazenuen, jakinarazi bulegoan.

## Every page

page-skip = Joan edukira
page-purpose = Sinadura elektronikoa hodeian
page-language = Hizkuntza:
page-error = Errorea:
page-contact = Laguntza eta harremana: { $desk }
page-reference = Orri honen erreferentzia: { $reference }
errors-title = Berrikusi hau
continue-button = Jarraitu
action-request = Itzuli eskaerara
action-back-to-app = Itzuli hona: { $app }
action-result = Ikusi emaitza
action-home = Joan zure sinadura-kontura
action-try-again = Saiatu berriro
retry-at = Ordu honetatik aurrera saia zaitezke berriro: { $time }.
step-review = 1. urratsa (2tik): berrikusi eta identifikatu
step-identify = 1. urratsa (2tik): identifikatu
step-code = 2. urratsa (2tik): berretsi SMSko kodearekin

## The request and its documents

review-title = { $count ->
        [one] Dokumentu bat sinatzeko eskaera
       *[other] { $count } dokumentu sinatzeko eskaera
    }: { $app }
request-heading = Eskaera
request-app = Nork eskatzen du
request-title = Gaia
request-expires = Sinatzeko epea
request-fingerprint = Hatz-marka
request-fingerprint-hint = Jasoko duzun SMSak hatz-marka bera eraman behar du.
request-number = Eskaeraren zenbakia: { $number }
documents-title = Dokumentuak
documents-advice = Ireki itzazu, eta egiaztatu sinatu nahi dituzunak direla. Fitxategi hauexek sinatuko dituzu.
documents-document = Dokumentua
documents-type = Mota
documents-size = Tamaina
documents-digest-question = Zer da SHA-256 zenbakia?
documents-digest-answer = Fitxategi baten eduki zehatza identifikatzen du: letra bakar bat aldatzen bada, zenbakia aldatzen da. Hemen ikusten duzun dokumentua beste bide batetik duzun bera dela egiaztatzeko balio du.
states-title = Zure sinadurak hau ere adieraziko du
states-reason = Arrazoia
states-place = Lekua
states-contact = Harremanetarako
states-field = PDFaren eremua
states-commitment = Zuk adierazten duzuna
states-policy = Sinadura-politika (sinatzeko arauak)
states-origin = Dokumentu hau egin, onartu eta bidali duzula.
states-receipt = Dokumentu hau jaso duzula.
states-delivery = Dokumentu hau hartzaileari entregatu zaiola.
states-sender = Dokumentu hau bidali duzula, beste norbaitek egin badu ere.
states-approval = Dokumentu honen edukia onartzen duzula.
states-creation = Dokumentu hau egin duzula, onartu edo bidali ez baduzu ere.
media-text = Testua
media-web-page = Web-orria
media-file = Fitxategia
media-image = Irudia
media-other = Fitxategia ({ $type })

## Who one is

identify-title = Identifikatu sinatzeko
identify-intro = Gero, kode bat bidaliko dizugu SMS bidez, erregistratuta duzun telefonora. Kodea idatzi arte ez da ezer sinatuko.
identify-forgotten = Pasahitza ahaztu dut
identify-activate = Oraindik ez dut kontua aktibatu
identify-blocked = Uste dut nire kontua blokeatuta dagoela
identify-code-blocked = Uste dut nire kodea blokeatuta dagoela
field-national-id = NAN edo AIZ
field-national-id-hint = Letra eta guzti, adibidez 12345678Z edo X1234567L.
field-password = Pasahitza
field-email = Helbide elektronikoa
field-email-hint = Erregistratzean eman zenuena. Ez bazenuen eman, utzi hutsik.
field-activation-code = Aktibazio-kodea
field-activation-code-hint = 16 letra eta zenbaki dira. Erregistratzean jaso zenuen agirian daude.
field-code = SMSko kodea
field-code-hint = Zenbakiak bakarrik.
field-new-password = Pasahitz berria
field-repeat-password = Errepikatu pasahitz berria
fault-national-id-missing = Idatzi zure NANa edo AIZa.
fault-national-id-shape = Hori ez da NAN bat, ezta AIZ bat ere. NANak 8 zenbaki eta letra bat ditu; AIZak, letra bat (X, Y edo Z), 7 zenbaki eta beste letra bat.
fault-national-id-letter = Azken letra ez dator bat zenbakiekin. Berrikusi zure NANa edo AIZa.
fault-password-missing = Idatzi zure pasahitza.
fault-credentials = Datuak ez dira zuzenak. Berrikusi NANa edo AIZa eta pasahitza. Zenbait saiakera oker eginez gero, kontua blokeatu egiten da.
fault-email-shape = Idatzi helbide osoa, adibidez izena@adibidea.eus.
fault-activation-code-missing = Idatzi zure agiriko aktibazio-kodea.
fault-activation = Datuak ez dira zuzenak. Berrikusi eremu guztiak. Zenbait saiakera oker eginez gero, aktibazio-kodea blokeatu egiten da.
fault-code-missing = Idatzi SMS bidez jaso duzun kodea.
fault-code-shape = SMSko kodeak zenbakiak baino ez ditu. Idatzi jaso duzun bezala.
fault-code-wrong = Kodea ez da zuzena. { $count ->
        [one] Saiakera bat geratzen zaizu.
       *[other] { $count } saiakera geratzen zaizkizu.
    }
fault-new-password-missing = Idatzi pasahitz berri bat.
fault-password-short = Pasahitza laburregia da: erabili gutxienez { $count } karaktere.
fault-password-long = Pasahitza luzeegia da: erabili gehienez { $count } karaktere.
fault-password-classes = Pasahitza errazegia da: nahasi lau talde hauetako hiru (letra xeheak, letra larriak, zenbakiak eta ikurrak), edo erabili gutxienez { $count } karaktere.
fault-password-characters = Onartzen ez den karaktereren bat du. Letrak, zenbakiak eta { $signs } ikurrak baino ez dira onartzen (zuriunerik gabe).
fault-password-personal = Zure izena, abizenak, NANa edo AIZa ditu barruan: aukeratu beste bat.
fault-password-same = Orain duzuna da: aukeratu beste bat.
fault-repeat-password = Bi pasahitzak ez dira berdinak. Idatzi bera bi aldiz.
password-rules-title = Nolakoa izan behar duen pasahitzak
password-rule-length = Gutxienez { $count } karaktere ditu.
password-rule-classes = { $count } karaktere baino gutxiago baditu, lau talde hauetako hiru nahasten ditu: letra xeheak, letra larriak, zenbakiak eta ikurrak.
password-rule-personal = Ez ditu zure izena, abizenak, NANa edo AIZa barruan.
password-rule-characters = Letrak, zenbakiak eta ikur hauek baino ez ditu: { $signs }
password-rule-same = Ez da orain duzun pasahitza.
password-rule-longest = Gehienez { $count } karaktere ditu.

## The code

code-title = Idatzi SMSko kodea sinatzeko
code-title-password = Idatzi SMSko kodea eta aukeratu pasahitz bat
code-sent = Zenbaki hauekin amaitzen den telefonora bidali dugu: { $digits }.
code-fingerprint-hint = Egiaztatu SMSak hatz-marka hau duela. Ez badator bat, ez jarraitu.
code-valid = { $count ->
        [one] Kodeak minutu batez balio du oraindik. Amaiera-ordua: { $time }.
       *[other] Kodeak { $count } minutuz balio du oraindik. Amaiera-ordua: { $time }.
    }
code-tries = { $count ->
        [one] Saiakera bat geratzen zaizu.
       *[other] { $count } saiakera dituzu.
    }
code-sign-button = { $count ->
        [one] Sinatu dokumentua
       *[other] Sinatu { $count } dokumentu
    }
code-save-button = Gorde pasahitza
code-start-again = Hasi berriro
code-resent = Beste kode bat bidali dizugu. Aurrekoak ez du balio jada.
resend-title = Ez zaizu iritsi?
resend-text = Minutu pare bat behar izan dezake. Beste kode bat ere eska dezakezu; aurrekoak ez du gehiago balioko. Bat baino gehiago jasotzen baduzu, erabili azkena.
resend-button = Bidali beste kode bat
resend-none = Saiakera honetan ezin dizugu kode gehiagorik bidali. Ez bazaizu bat ere iritsi, hasi berriro.
access-last = Zure azken sarrera: { $moment }. Zu ez bazinen izan, aldatu pasahitza eta jakinarazi erregistro-bulegoan.
access-first = Kontu honekin sartzen zaren lehen aldia da.

## To decline

decline-link = Ez dut sinatu nahi
decline-title = Ziur zaude ez duzula sinatu nahi?
decline-text = Ez da dokumenturik sinatuko, eta zerbitzu honek jakingo du eskaera baztertu duzula: { $app }. Gero ezingo duzu iritziz aldatu esteka honekin.
decline-button = Ez sinatu

## The result

signing-title = Sinatzen ari gara
signing-text = Segundo batzuk beharko ditu. Orri hau bere kabuz eguneratzen da; ez duzu ezer errepikatu behar.
signing-now = Eguneratu orain
done-title = { $count ->
        [one] Dokumentua sinatuta dago
       *[other] { $count } dokumentuak sinatuta daude
    }
done-title-some = { $count } dokumentutik { $signed ->
        [one] bat sinatu da
       *[other] { $signed } sinatu dira
    }
done-text = Zerbitzu honek jaso dezake emaitza: { $app }. Zuk ez duzu hemen besterik egin behar.
done-results = Dokumentu bakoitzaren emaitza
done-signed = Sinatuta
done-failed = Ez da sinatu
done-close = Orri hau itxi dezakezu.
reason-not-a-pdf = Fitxategia ez da PDF bat.
reason-damaged = PDFa hondatuta dago eta ezin da irakurri.
reason-encrypted = PDFa pasahitzez babestuta dago.
reason-locked = PDFa itxita dago eta ez du sinadura gehiagorik onartzen.
reason-unsupported = Dokumentua ezin da sinatu zerbitzuak eskatu zuen eran.
reason-missing = Dokumentua jada ez dago eskuragarri.
reason-changed = Gordetako dokumentua ez da zuk ikusi zenuenaren berdina; horregatik ez da sinatu.
reason-signer = Dagoeneko ezin duzu sinatu: bitartean, zure kontua edo zure ziurtagiria blokeatu edo baliogabetu da.
reason-kek-missing = Sinatzeko gakoak gordetzen dituen ekipoari zurea babesten duen zati bat falta zaio. Eskatu zerbitzuari geroago beste eskaera bat bidaltzeko.
reason-fault = Gure sistemak huts egin du. Eskatu zerbitzuari beste eskaera bat bidaltzeko.

## The account

home-title = Zure sinadura-kontua
home-intro = Hemen kudeatzen duzu sinatzeko erabiltzen duzun kontua. Dokumentu bat sinatzeko, ireki eskatzen dizun zerbitzuak ematen dizun esteka.
home-activate = Lehen aldian, zure erregistro-agiriko kodearekin.
home-reset = Ahaztu baduzu, iraungi bada edo kontua blokeatuta badago.
home-change = Badakizu eta beste bat jarri nahi baduzu.
home-help = Zer egin zerbaitek sinatzea eragozten dizunean.
activate-title = Kontua aktibatu
activate-intro = Izan eskura erregistro-agiria eta telefonoa. Pasahitz bat aukeratuko duzu eta sinatzen hasi ahal izango zara.
activate-done-title = Zure kontua aktibatuta dago
activate-done-text = Zure NANa edo AIZa eta pasahitza erabil ditzakezu. Gorde agiria leku seguru batean: behar izango duzu pasahitza ahazten baduzu.
reset-title = Pasahitz berria jarri
reset-intro = Zure erregistro-agiriko aktibazio-kodea eta erregistratuta duzun telefonoa behar dituzu.
reset-done-title = Zure pasahitz berria gordeta dago
reset-done-text = Aurrekoak ez du balio jada. Zure kontua blokeatuta bazegoen, ez dago gehiago.
change-title = Pasahitza aldatu
change-intro = Zure oraingo pasahitza eta erregistratuta duzun telefonoa behar dituzu.
change-done-title = Zure pasahitza aldatuta dago
change-done-text = Aurrekoak ez du balio jada.

## Help, accessibility, cookies

help-title = Laguntza
help-intro = Aukeratu zer gertatzen zaizun.
accessibility-title = Irisgarritasuna
accessibility-aim = Orri hauek WCAG 2.1 jarraibideen AA maila betetzeko eginak dira, 1112/2018 Errege Dekretuak eskatzen duenez: teklatuarekin, pantaila-irakurgailuarekin, JavaScriptik gabe, testua handituta eta pantaila txikietan funtzionatzen dute.
accessibility-limits = Sinatzen dituzun dokumentuak eskatzen dizkizun zerbitzuak prestatzen ditu, eta haien irisgarritasuna haren mende dago.
accessibility-time = Segurtasunagatik, SMSko kodeak minutu batzuetan balio du. Denbora gehiago behar baduzu, eskatu beste bat edo hasi berriro: ez duzu eskaera galtzen.
accessibility-contact = Zerbaitek orri hauek erabiltzea eragozten badizu, jakinarazi sinadura eskatu dizun zerbitzuari edo orri-oinean ageri den kontaktuari.
cookies-title = Cookieak
cookies-use = Orri hauek funtzionatzeko behar diren cookieak baino ez ditugu erabiltzen. Ez dago hirugarrenen, publizitateko edo neurketako cookierik.
cookies-list = Batek aukeratu duzun hizkuntza gogoratzen du urtebetez edo, bat ere aukeratu ez baduzu, ireki duzun azken eskaerarena, nabigatzailea itxi arte. Beste batek bidaltzen dituzun inprimakiak zure nabigatzailetik ateratzen direla egiaztatzen du, nabigatzailea itxi arte. Hirugarrena SMSko kodea idazten duzun bitartean existitzen da: zure sinadura edo pasahitz berria babesten duten datuak eta zure azken sarreraren unea gordetzen ditu. Amaitzean ezabatzen da edo, amaitzen ez baduzu, kodea iraungi eta hamar minutura. Pasahitz berria jartzen duzunean, eginda dagoela dioen ohar bat geratzen da hamar minutuz. Eskaera batetik kontua aktibatzera edo beste pasahitz bat jartzera bazoaz, beste batek ordubetez gogoratzen du zein zen eskaera, hara itzuli ahal izateko; itzultzean ezabatzen da.

## Problems: what happened and what to do next

problem-next-title = Zer egin dezakezu
problem-unknown-link-title = Esteka honek ez du balio
problem-unknown-link-what = Helbide honetan ez dago sinadura-eskaerarik. Beharbada esteka moztuta edo gaizki kopiatuta dago.
problem-unknown-link-next = Itzuli sinadura eskatu dizun zerbitzura eta ireki esteka handik.
problem-expired-link-title = Eskaera iraungi da
problem-expired-link-what = Sinatzeko epea amaitu da. Ez da ezer sinatu.
problem-expired-link-next = Itzuli eskatu dizun zerbitzura eta eskatu beste bat bidaltzeko.
problem-used-link-title = Eskaera hau sinatuta dago jada
problem-used-link-what = Estekak behin bakarrik balio du, eta sinatzeko erabili da jada.
problem-used-link-next = Sinatutako dokumentuak eskatu zituen zerbitzuak ditu. Zuk sinatu ez badituzu, jakinarazi lehenbailehen erregistro-bulegoan.
problem-cancelled-title = Zerbitzuak eskaera kendu du
problem-cancelled-what = Sinadura eskatu zuenak bertan behera utzi du. Ez da ezer sinatu.
problem-cancelled-next = Akats bat dela uste baduzu, galdetu eskatu dizun zerbitzuari.
problem-app-disabled-title = Eskaera egin duen zerbitzua desaktibatuta dago
problem-app-disabled-what = Gune honen administrazioak sinadura hau eskatzen duen zerbitzua desaktibatu du. Horrela dagoen bitartean, ezin da onartu eskatu duen ezer. Ez da ezer sinatu.
problem-app-disabled-next = Ez duzu ezer egin behar. Eskaera iraungi baino lehen zerbitzua berriro aktibatzen bada, esteka honekin berarekin onartu ahal izango duzu. Zalantzarik baduzu, galdetu eskatu dizunari beste bide batetik.
problem-declined-title = Eskaera baztertuta dago
problem-declined-what = Ez sinatzea aukeratu da. Ez da ezer sinatu, eta zerbitzuak badaki.
problem-declined-next = Iritziz aldatu baduzu, eskatu zerbitzuari beste eskaera bat.
problem-codes-exhausted-title = Kode oker gehiegi
problem-codes-exhausted-what = Segurtasunagatik, eskaera baztertu egin da. Ez da ezer sinatu, eta zerbitzuak badaki.
problem-codes-exhausted-next = Itzuli zerbitzura eta eskatu beste eskaera bat. Kodeak idazten zituena zu ez bazinen, aldatu pasahitza.
problem-nothing-signed-title = Ezin izan da sinatu
problem-nothing-signed-what = Sinadura onartu zen, baina ezin izan da dokumenturik sinatu. Zerbitzuak badaki.
problem-nothing-signed-next = Itzuli zerbitzura eta eskatu beste eskaera bat.
problem-not-activated-title = Zure kontua ez dago aktibatuta
problem-not-activated-what = Erregistratuta zaude, baina oraindik ez duzu kontua aktibatu. Aktibatu gabe ezin da sinatu.
problem-not-activated-next = Aktibatu zure erregistro-agiriko kodearekin. Minutu batzuetan egiten da, eta gero eskaera honetara itzul zaitezke.
problem-basic-level-title = Zure erregistro-mailak ez du sinatzen uzten
problem-basic-level-what = Urrutitik erregistratu zinen eta oinarrizko maila duzu. Sinatzeko maila aurreratua behar da.
problem-basic-level-next = Maila igotzeko, joan zu zeu erregistro-bulego batera zure NANarekin edo AIZarekin, edo erregistratu Interneten ziurtagiri elektronikoarekin edo NAN elektronikoarekin. Gero sinatu ahal izango duzu.
problem-blocked-title = Zure kontua blokeatuta dago
problem-blocked-what = Pasahitza edo SMSz bidalitako kodeak gaizki idatzi dira gehiegitan. Kontua blokeatuta geratu da zu babesteko.
problem-blocked-next = Jarri pasahitz berri bat zure agiriko aktibazio-kodearekin. Jada ez baduzu, joan erregistro-bulego batera. Saiatu zena zu ez bazinen, jakinarazi hori ere.
problem-no-phone-title = Ez dugu zure telefonoa
problem-no-phone-what = Zure kontuak ez du kodea bidaltzeko telefono mugikorrik. Zenbakia beste pertsona batena izatera igaro denean gertatu ohi da.
problem-no-phone-next = Eman zure oraingo zenbakia erregistro-bulego batean. Zure pasahitzak eta ziurtagiriak balio dute oraindik.
problem-password-expired-title = Zure pasahitza iraungi da
problem-password-expired-what = Pasahitzek denbora mugatu batez balio dute, eta zurearena amaitu da.
problem-password-expired-next = Jarri beste bat zure agiriko aktibazio-kodearekin. Zure sinadura-ziurtagiriak balio du oraindik.
problem-no-credential-title = Ez duzu sinadura-ziurtagiririk
problem-no-credential-what = Zure kontua ondo dago, baina sinatzeko ziurtagiria ez da oraindik igorri, edo baliogabetu egin zen.
problem-no-credential-next = Eskatu zure ziurtagiria igortzeko erregistro-bulego batean.
problem-credential-expired-title = Zure sinadura-ziurtagiria iraungi da
problem-credential-expired-what = Sinatzeko erabiltzen duzun ziurtagiria bere balioaren amaierara iritsi da.
problem-credential-expired-next = Eskatu berri bat erregistro-bulego batean.
problem-activation-blocked-title = Zure aktibazio-kodea blokeatuta dago
problem-activation-blocked-what = Gaizki idatzi da behin baino gehiagotan, eta ezin da gehiago erabili.
problem-activation-blocked-next = Eskatu kode berri bat erregistro-bulego batean, zure NANarekin edo AIZarekin.
problem-already-active-title = Zure kontua aktibatuta dago jada
problem-already-active-what = Bere garaian pasahitz bat aukeratu zenuen, beraz ez da kontua berriro aktibatu behar.
problem-already-active-next = Erabili zure pasahitza. Ahaztu baduzu, jarri berri bat.
problem-code-expired-title = SMSko kodea iraungi da
problem-code-expired-what = Kodea idazteko denbora igaro da. Ez da ezer sinatu edo aldatu.
problem-code-expired-next = Hasi berriro eta beste bat bidaliko dizugu. Ez duzu eskaera galtzen.
problem-too-many-codes-title = Kode oker gehiegi
problem-too-many-codes-what = Segurtasunagatik, saiakera hau gelditu dugu. Ez da ezer aldatu.
problem-too-many-codes-next = Hasi berriro eta beste kode bat bidaliko dizugu.
problem-step-gone-title = Berriro hasi behar dugu
problem-step-gone-what = Nabigatzaile honek ez ditu aurreko urratsaren datuak. Beharbada denbora igaro da, urratsa amaituta dago edo cookieak desaktibatuta daude.
problem-step-gone-next = Hasi berriro. Berriz gertatzen bada, onartu gune honen cookieak.
problem-sms-not-sent-title = Ezin izan dugu SMSa bidali
problem-sms-not-sent-what = Mezu-zerbitzuak ez du erantzuten. Ez da ezer sinatu edo aldatu.
problem-sms-not-sent-next = Saiatu berriro minutu batzuk barru. Zenbakiz aldatu baduzu, eman berria erregistro-bulego batean.
problem-document-altered-title = Dokumentu bat aldatu da
problem-document-altered-what = Eskaera honetako dokumentu bat ez da zerbitzuak bidali zuena. Segurtasunagatik ezin da sinatu. Ez da ezer sinatu.
problem-document-altered-next = Jakinarazi eskatu dizun zerbitzuari eta eskatu beste bat bidaltzeko.
problem-hsm-away-title = Oraintxe ezin da sinatu
problem-hsm-away-what = Sinatzeko gakoak gordetzen dituen ekipoak ez du erantzuten. Ez da ezer sinatu, eta eskaerak irekita jarraitzen du.
problem-hsm-away-next = Saiatu berriro minutu batzuk barru esteka berarekin.
problem-kek-missing-title = Oraintxe ezin da zure sinadura-gakoa erabili
problem-kek-missing-what = Sinatzeko gakoak gordetzen dituen ekipoari zurea babesten duen zati bat falta zaio. Ez da ezer sinatu, eta eskaerak irekita jarraitzen du.
problem-kek-missing-next = Zerbitzu hau mantentzen dutenek itzuli behar dute. Saiatu berriro geroago esteka berarekin; huts egiten jarraitzen badu, galdetu hona bidali zaituen zerbitzuari.
problem-service-away-title = Zerbitzua ez dago erabilgarri
problem-service-away-what = Gure sistemaren zati batek ez du erantzuten. Gure kontua da.
problem-service-away-next = Saiatu berriro minutu batzuk barru esteka berarekin.
problem-busy-title = Jende asko dago aldi berean
problem-busy-what = Oraintxe ezin zaitugu artatu.
problem-busy-next = Itxaron minutu bat eta saiatu berriro.
problem-too-many-tries-title = Saiakera gehiegi jarraian
problem-too-many-tries-what = Saiakera asko jaso ditugu denbora gutxian, eta etenaldi bat egiten ari gara segurtasunagatik.
problem-too-many-tries-next = Itxaron eta saiatu berriro geroago; gehienez ere, ordubete barru.
problem-too-many-messages-title = Kode asko eskatu dituzu jarraian
problem-too-many-messages-what = Segurtasunagatik, SMS bidezko kode gutxi batzuk baino ez ditugu bidaltzen orduko. Ez da ezer sinatu edo aldatu.
problem-too-many-messages-next = Itxaron beste kode bat eskatu baino lehen.
problem-form-rejected-title = Ezin izan dugu inprimakia onartu
problem-form-rejected-what = Ezin izan dugu egiaztatu orri honetatik atera zela. Orria denbora luzez irekita egon denean edo cookieak desaktibatuta daudenean gertatzen da.
problem-form-rejected-next = Itzuli orrira, kargatu berriro eta errepikatu. Onartu gune honen cookieak.
problem-not-found-title = Orri hau ez dago
problem-not-found-what = Helbidea gaizki idatzita dago edo orria ez dago jada.
problem-not-found-next = Sinatzera bazindoazen, itzuli eskatu dizun zerbitzura eta ireki esteka handik.
problem-internal-title = Zerbaitek huts egin du
problem-internal-what = Errore bat gertatu da gure sisteman. Gure kontua da, eta jasota geratu da.
problem-internal-next = Saiatu berriro minutu batzuk barru. Gertatzen jarraitzen badu, eskatu laguntza eta eman orri-oinean ageri den erreferentzia.

## The printed receipt of a registration act

receipt-title = Erregistro-agiria
receipt-name = Izena
receipt-national-id = NAN edo AIZ
receipt-date = Erregistro-data
receipt-code = Aktibazio-kodea
receipt-next = Aktibatu zure kontua { $address } helbidean, kode honekin eta erregistratu zenuen telefonoarekin.
receipt-keep = Gorde agiria leku seguru batean eta ez eman kodea inori: behar izango duzu pasahitza ahazten baduzu.
