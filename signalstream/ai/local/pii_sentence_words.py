"""Words that begin a sentence or are called out, in other languages than English: a model takes them for names.

A capital letter at the start of a sentence, or an exclamation mark after it, is what makes them look like one. Words
that many people bear as names as well (Davor, Nur, Mai, Bravo, Bueno, Socorro, Anders, Kim) are left out.
"""

from __future__ import annotations

from collections.abc import Mapping

_BY_LANGUAGE: Mapping[str, str] = {
    "German": """
        abend aber absolut ach achje achtung allerdings alles also andauernd andernfalls anfangs angeblich anscheinend
        ansonsten apropos aua auch außerdem ausserdem autsch bedauerlicherweise beinahe bestimmt bevor bisher bislang
        bitte bitteschön bloß boah dabei dafür dagegen damit danach danke dankeschön dann daran darauf daraus darum
        darüber dauernd dazu denn dennoch deshalb deswegen doch donnerwetter drei dringend drittens dummerweise echt
        eigentlich eilig endlich entschuldigung erneut erstens etwa eventuell ewig falls fantastisch fast feierabend
        ferner fertig frechheit freundliche freundlichen früher fünf geehrte geehrter genau genial genug gestern
        gesundheit gewiss gleich glücklicherweise gott gottseidank großartig grossartig gruß grüezi grüß grüsse grüße
        gute guten güte heraus herein herrgott herzliche heute hilfe hinaus hoffentlich igitt immer inzwischen
        irgendwann irgendwie jawohl jedenfalls jedoch jemand jetzt jippie juhu jup kaputt kaum kein keine klar klasse
        komischerweise krass kürzlich langsam lediglich leider letztendlich letztlich liebe lieber mahlzeit manche
        manchmal manno mehrmals mein meine meinen meistens menno mensch merkwürdigerweise mfg mist mittlerweile moin
        morgen möglicherweise nachdem nachher nacht naja natürlich nebenbei nein neulich neun nicht nichts nie niemals
        niemand nimmer noch nochmal nochmals normalerweise nun obwohl oder offenbar offensichtlich ohje oje ojeh perfekt
        pfui plötzlich prima puh pünktlich rauf raus richtig runter rüber scheisse scheiße schließlich schnellstmöglich
        schon sechs sehr seit seitdem seither selbst selbstverständlich selten seltsamerweise servus sicher sicherlich
        sieben skandal sobald sodass sofern sofort sogar solange sonst spitze stattdessen stimmt stundenlang ständig
        tagelang tatsächlich tja toll trotz trotzdem tschüß tschüss umgehend unbedingt und ungefähr unglaublich
        unglücklicherweise unmöglich unverschämt verdammt vermutlich verzeihung viele vielen vielleicht vorbei
        vorgestern vorher vorhin vorsicht völlig wahnsinn wahrscheinlich wann warum weder weg wegen weil welche welcher
        welches wenigstens wenn wer weshalb wessen weswegen wie wieder wiederum wieso wirklich wo wochenlang wofür woher
        wohin womit woran wunderbar während zehn ziemlich zudem zuerst zuletzt zunächst zurück zusätzlich zwei
        zweifellos zweitens übermorgen übrigens
    """,
    "French": """
        absolument actuellement adieu ainsi allez allô alors amicalement apparemment après assez attention aucun aucune
        aujourd'hui aussi autrement avant aïe basta bien bientôt bienvenue bizarre bof bon bonne bonsoir bordel bref
        cdlt cdt cependant certainement chaque cher chers chouette chut chère chères combien comment concernant
        cordialement coucou curieusement demain depuis dieu dommage donc dorénavant déjà désolé désolée désolés
        désormais encore enfin ensuite espérons exactement excusez finalement flûte formidable franchement félicitations
        génial helas heureusement hier honnêtement honte honteux hélas immédiatement impeccable impossible inacceptable
        inadmissible incroyable j'attends j'espère jamais justement laquelle lequel leur lorsque magnifique maintenant
        mais malgré malheureusement merde mince même normalement notamment notre nul nulle néanmoins ouah ouf oui où
        pardon parfois personne plusieurs pourquoi pourtant premièrement probablement puis puisque punaise purée putain
        quand quelle quelqu'un quoi quoique rapidement rarement rebonjour ridicule rien récemment salut scandaleux selon
        seulement simplement sincèrement sinon souvent stp surtout svp sérieusement sûrement tant tard toujours tous
        tout toute toutefois toutes tôt urgence vite vivement voilà votre vous vraiment waouh zut également étrange
        évidemment
    """,
    "Spanish": """
        absolutamente acaso actualmente ademas además adios adiós afortunadamente ahora ahorita ajá algo alguien anda
        anoche anteayer antes aquí asi así atentamente aun aunque auxilio ayer aún basta buenas buenos cada carajo
        caramba cielos claramente como cordialmente coño cual cuando cuanto cuidado cuál cuándo cuánto cómo demonios
        desafortunadamente desde desgraciadamente despues después diablos dios disculpa disculpe disculpen donde dónde
        encima entonces esperaba espero estimada estimadas estimado estimados estupendo evidentemente exactamente
        excelente fantástico fatal felizmente finalmente francamente generalmente gracias guau hace hasta hola hombre
        honestamente horrible incluso increible increíble indignante inmediatamente jamas jamás joder lamentablemente
        lastima llevo luego lástima madre maravilloso mañana mejor menos mientras mierda muchas mucho muchos muchísimas
        nadie necesito ninguna ninguno nunca ojala ojalá otra otras otro otros oye peor perdon perdona perdón pero
        porque precisamente pues quien quiero quizas quizá quizás quién realmente recientemente ridículo rápido saludos
        segun según siempre sigo simplemente sinceramente sí tambien también tampoco tengo todas todavia todavía todo
        todos urgente urgentemente varios vaya venga verdaderamente vergonzoso vergüenza viva
    """,
    "Italian": """
        accidenti addio adesso ahi ahimè aiuto allora altri altro ancora anzi arrivederci aspetto assolutamente assurdo
        attendo attenzione attualmente basta beh bene boh bravissimi buon buonanotte buonasera buongiorno cavolo cazzo
        certamente certo comunque cordiali cosa davvero diavolo dio distinti domani dopo dove dunque ecco egregio ehi
        eppure esattamente evviva fantastico finalmente forse fortunatamente già grazie ieri inaccettabile incredibile
        infine inoltre insomma intanto macché magari mamma meno mentre meraviglioso merda nessuno niente normalmente
        nulla oggi onestamente ormai orribile ottimo ovviamente pazzesco peccato perche perché perciò perfetto però
        piacere poi poiché praticamente prego presto prima probabilmente purtroppo qualcosa qualcuno quale quali quando
        quanti quanto quindi recentemente ridicolo salve scusa scusate scusi sempre sfortunatamente siccome sicuramente
        sinceramente solitamente speriamo spero spesso splendido stamattina stasera stupendo subito talvolta tante tardi
        terribile tutta tuttavia tutte tutti tutto uffa veramente vergogna vergognoso vorrei
    """,
    "Portuguese": """
        abraço abraços absurdo adeus afinal agora aguardo ainda alguem alguém alias aliás além amanha amanhã apenas
        assim atenciosamente atualmente bem boa bom cadê caralho caramba caros cedo certamente contudo credo cuidado
        cumprimentos depois desculpa desculpe desculpem droga eita enfim entao entretanto então exatamente felizmente
        gente geralmente gostaria hoje horrível imediatamente inaceitável incrivel incrível infelizmente jamais já
        licença logo maravilhoso melhor merda mesmo meu meus minha minhas ninguem ninguém nossa nosso não oba obrigada
        obrigado obviamente olá onde ontem otimo outra outro outros perdão perfeito pessoal pior porra portanto porém
        poxa preciso prezada prezadas prezado prezados provavelmente puxa péssimo quais qual quantos quem quero
        realmente saudações simplesmente somente talvez tarde tchau terrível todas todavia tomara tudo uau ufa vergonha
        ótimo
    """,
    "Dutch": """
        aangezien ach alleen allemaal alles alsjeblieft alstublieft altijd aub bedankt belachelijk beste bijna blijkbaar
        bovendien daardoor daarna daarnaast daarom dank dus echter eerlijk eerst eigenlijk eindelijk fantastisch fijn
        geachte geen gelukkig geweldig gisteren goddank godzijdank goed goedemiddag goedemorgen goedenavond goedendag
        graag groet groeten groetjes hartelijk hartelijke helaas hoelang hoeveel hoewel hoezo hoi hopelijk iedereen
        iemand iets inderdaad indien inmiddels intussen jammer jeetje jemig juist kennelijk klopt laatst maar meestal
        mijn misschien mooi morgen natuurlijk net niemand niets nogal nogmaals nooit nou omdat ondertussen ongelooflijk
        onlangs onze ook opnieuw overigens overmorgen poeh raar schandalig slecht slechts soms spoed steeds straks
        tegenwoordig tenslotte tenzij terwijl tjonge toch toen trouwens uiteindelijk uiteraard uitstekend vaak vandaag
        vanzelfsprekend verder verdomme vermoedelijk verschrikkelijk vervolgens vreemd vreselijk vriendelijke waar
        waarom waarschijnlijk wanneer wat weer welk welke zeker zelden zelfs zodra zolang
    """,
    "Polish": """
        absolutnie boze boże brawo bóg chociaż cholera chyba ciągle coś czasami czesc cześć często dlaczego dlatego
        dobry dobrze dokładnie doskonale dzieki dziekuje dzien dzień dzisiaj dzięki dziękuję dziś gdyby gdyż gdzie
        generalnie gorzej halo hej hura ile inny jak jaki jednak jeszcze jeśli jeżeli jutro kiedy koszmar kto ktoś która
        który kurcze kurczę kurwa lepiej masakra matko mimo moja moje moze może mój nadal najpierw naprawdę nareszcie
        następnie natychmiast nawet niedawno niestety nigdy nikt obecnie oczywiscie oczywiście ojej ojejku oprócz
        ostatecznie ostatnio pani państwo pilnie podobno pomocy ponadto ponieważ potem poza pozdrawiam prawdopodobnie
        prosze proszę przepraszam później rany rewelacja rzadko również skandal super szanowna szanowni szanowny
        szczerze szkoda szybko także teraz też tragedia tylko uwaga wciąż wcześniej wczoraj wieczór witajcie witam więc
        wkrótce wreszcie wspaniale wszyscy wszystko właśnie zatem zawsze znowu znów zresztą zwykle świetnie świetny źle
        żaden żeby żegnam żenada
    """,
    "Turkish": """
        acaba acil acilen akşamlar allah ancak artık asla aslında ayrıca ayıp açıkçası bazen belki berbat bugün daha
        derhal değerli dilerim dün ederim elbette evet eyvah fakat galiba geceler gerçekten günler hangi haydi hemen
        henüz hep herhalde herkes herşey hiç hiçbir hiçbirşey hâlâ İnanılmaz İnşallah İyi kaç kesinlikle keşke kimse
        kolay korkunç lütfen maalesef maşallah merhaba mükemmel nasıl neden nerede neyse nihayet niye niçin pardon
        rezalet saygılarımla sayın saçmalık selamlar sevgili sonra sonunda süper sürekli tabi tabii tamam tekrar
        teşekkür teşekkürler umarım vay yahu yarın yazık yine çünkü önce özür şimdi şu
    """,  # noqa: RUF001 - Turkish has a letter i without a dot
    "Swedish, Danish and Norwegian": """
        aldri aldrig allerede alltid altid beklager derfor dessuten dessutom dessverre desværre därför dårlig efter
        eftersom egentlig endelig etter faen faktisk faktiskt fantastisk fantastiskt fordi forhåbentlig forhåpentligvis
        fortfarande fortsatt för förhoppningsvis förlåt før goddag gud hallå hei hej hejsan heldigvis herregud hilsen
        hoppsan hva hvad hvem hvilken hvor hvordan hvorfor hälsningar ibland idag igår imorgon ingen ingenting jättebra
        jävla kanske kanskje morgen morgon mvh måske naturligtvis noen när nå någon något når och ofta ofte og
        ojdå otroligt redan satan selvfølgelig siden självklart snart snälla stadig synd tack takk tusen tyvärr
        underbart undskyld unnskyld ursäkta usch utmärkt utrolig vad varför vem venlig vennlig vilken ännu äntligen
    """,
}
SENTENCE_WORDS = frozenset(word for words in _BY_LANGUAGE.values() for word in words.casefold().split())
"""In lower case, without their languages: a conversation mixes them."""
OPENERS = frozenset({"bravo", "bueno", "claro", "perfecto", "schade"})
"""Surnames that are no names where they begin a sentence and a mark follows: hardly anyone is addressed so."""
