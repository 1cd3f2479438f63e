"""Words that a model takes for names and that are none: brands, greetings, everyday words of support."""

from __future__ import annotations

BRANDS = frozenset(
    """
    adidas adobe airbnb aldi alexa alipay amazon amex android anker apple asus att audi bestbuy bing bitcoin bmw
    boeing booking bosch bt capital cashapp chase chevy chipotle chrome cisco citi citibank coinbase comcast cortana
    costco deliveroo dell delta dhl discord disney doordash dropbox dyson ebay edge ee epson ethereum etsy excel
    expedia facebook fargo fedex firefox ford garmin gmail godaddy google gopro groupon hertz hilton honda hp huawei
    hulu ibm icloud ikea imessage instagram intel ios ipad iphone jetblue jira kindle klarna kraken lego lenovo lg
    lidl linkedin linux lloyds logitech lufthansa lyft mac macbook macy macys maestro mailchimp marriott mastercard
    mcdonald mcdonalds mercedes messenger microsoft monzo motorola n26 natwest nest netflix nike nintendo nissan
    nokia notion o2 oneplus oracle outlook panasonic paypal paypass peloton pixel playstation podcast prada primark
    puma quickbooks revolut roku ryanair safari salesforce samsung santander sepa sephora shopify siri skype slack
    snapchat sonos sony spirit spotify sprint starbucks steam stripe subway sushi swift target telegram tesco tesla
    tiktok tmobile toyota transunion trustpilot twitch twitter uber ubuntu ups usps venmo verizon vestel vevo visa
    vodafone walmart waze wechat wells whatsapp wikipedia windows wise wix woolworths wordpress xbox xiaomi yahoo
    yelp youtube zalando zara zelle zendesk zillow zoom
    """.split()  # noqa: SIM905 - a list of words reads as one
)
EVERYDAY = frozenset(
    """
    about absolutely account acct address after afternoon again agent ago ahoy airport alert all almost already also
    am amount an and angry another any anyone anything app april are around as asap ask asking at atm august
    automatic available away awesome awful awhile baby back bad balance bank bar beautiful because been before best
    better between beverage bic bill billing block blocked bonjour booking boss bot both breakfast bro broken btw
    buddy business but buy by bye call called calling can cancel cannot captain card care cash chat check checking
    cheers christmas clearly client close closed code coffee colleague come company complaint computer confused
    contact cool cost could country coupon credit currency customer cvv dad damn day dear debit december declined
    default delivery department desk devil did didn't digital dinner disappointed discount do dob does dog doing
    dollar dollars don't done doo down drop dude due early easter easy email english error eta etc even evening ever
    every everybody everyone everything exchange excuse explain extra fare farewell fast february fed fee feedback
    feel few final finally fine first fix flight folks food for forgot fraud free freeze friday friend friends from
    frustrated full furious fyi gas gentlemen get gift give glad goes going good goodbye google got gotcha great
    greetings guest guys had hallo happy hard has have he hello help her here hey hi high him his hmm hmmm hola home
    honey hope horrible hotel house how however hungry i i'd i'll i'm i've iban id if immediately important
    impossible in info interest internet into invoice is issue it item its january july june just keep kids kindly
    know ladies laptop last late later least less let limit line link list load loan login lol long look looking
    lost loud love lovely low lowest lunch madam magic mail make man manager many march maybe me meal mean meeting
    member merci message mine minute miss missing mom monday money month more morning mortgage most mother mother's
    mother-in-law move much mum music must my name navajo near need never new news next nice night no nobody nope
    nor not note nothing november now number october of off offer office often ok okay old omg on once one online
    only open option or order other our out over overdraft own package page paid parcel parents partner password pay
    payment payments pending people per person phone phones pin pizza plan please pls plus policy possible pound
    present price probably problem product ps purchase question quick quickly quite rate read ready really reason
    received recently refund regards regular reply request reset restaurant ridiculous right rude sad safe sales
    same saturday save savings say scam schedule school sear security see seller send sent september serious
    seriously service services she shipping shop should shrimp sign silver simple since sincerely single sir sister
    site slow so some someone something son soon sorry spanish special spring ssn start state statement status
    steakhouse still stolen stop store stuck stupid such suddenly sunday support sure switch sympathy system take
    tax team terrible text than thank thanks that that's the their them then there these they thing think this thru
    thursday thx ticket time timer tip tired tldr to today tomorrow tonight too top tracking transaction
    transactions transfer transfers travel trip true try tuesday twice two type ugh unable unacceptable unhappy
    until up upgrade upset urgent us use user using value version very virtual voucher vs wait waiting want warranty
    was way we wednesday week weekend welcome well were what when where which while who why wife will wish with
    without woman won't work working worried worst would wow wrong wtf yeah year yes yesterday yet yo you your yours
    zip handy ruf pesel bearer json xml html api qwerty newline youre nan tommorow tomorow ai aloha
    ciao dial erase hiya nada ping play put ring sayonara scratch suck sucks tell undo
    wassup
    """.split()  # noqa: SIM905 - a list of words reads as one
)
