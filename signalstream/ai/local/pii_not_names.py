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
    aargh about absolutely account acct actually address admittedly after afternoon again agent ago aha ahem ahoy ai
    airport alas alert all allegedly almost aloha already also although altogether always am amazing amount an and angry
    another any anyone anything anyway anyways api apologies app appalling apparently april are argh around as asap ask
    asking at atm august automatic available aw away awesome awful awhile aww aye baby back bad balance bank bar
    basically bearer beautiful because been before besides best better between beverage bic bill billing bingo bizarre
    bless blimey block blocked bloody bollocks bonjour booking boss bot both breakfast brilliant bro broken btw buddy
    bullshit bummer business but buy by bye call called calling can cancel cannot captain card care cash certainly chat
    check checking cheerio cheers christmas ciao clearly client close closed code coffee colleague come company
    complaint completely computer confused congrats congratulations contact cool cost could country coupon crap crazy
    credit crikey currency currently customer cvv dad dammit damn damned damnit darn day dear dearest debit december
    declined default definitely delivery department desk devil dial did didn't digital dinner disappointed discount
    disgraceful disgusting do dob does dog doing dollar dollars don't done doo down drop dude due early easter easy eek
    email english erase erm error eta etc eureka even evening eventually ever every everybody everyone everything
    everywhere exactly excellent exchange excuse explain extra fabulous fantastic fare farewell fast february fed fee
    feedback feel few final finally fine fingers first firstly fix flight folks food for forgot fortunately frankly
    fraud free freeze friday friend friends from frustrated fuck fucking full funny furious furthermore fyi gas geez
    generally gentlemen get gift give glad gladly god goes going good goodbye goodness google gosh got gotcha great
    greetings grr guest guys had hallelujah hallo handy happy hard hardly has have he heavens hell hello help hence her
    here hey hi high hilarious him his hiya hmm hmmm hola home honestly honey hooray hope hopefully horrible hotel house
    how howdy however html huh hungry hurrah hurray i i'd i'll i'm i've iban id if immediately important impossible in
    incidentally incredible incredibly indeed info initially insane instead interest internet into invoice is issue it
    item its january jeez json july june just keep kids kindly know kudos ladies laptop last lastly late lately later
    least less let limit line link list literally load loan login lol long look looking lost loud love lovely low lowest
    luckily lunch mad madam magic mail make man manager many march marvellous marvelous maybe me meal mean meanwhile
    meeting meh member merci mercifully message mine minute miss missing mom monday money month more moreover morning
    mortgage most mother mother's mother-in-law move much mum music must my nada nah name nan navajo near neat need
    never nevertheless new newline news next nice night no nobody nonetheless nonsense nope nor normally not note
    nothing november now nowadays nowhere number obviously occasionally october of off offer office often ok okay old
    omg on once one online only ooh oops open option or order other otherwise ouch our out outrageous over overall
    overdraft own package page paid parcel pardon parents partner password pathetic pay payment payments pending people
    per perfect perfectly perhaps person pesel pfft phew phone phones pin ping pity pizza plan play please pls plus
    policy possible pound precisely present presumably previously price probably problem product ps purchase put
    question quick quickly quite qwerty rate read ready really reason received recently refund regards regrettably
    regular reply request reset restaurant ridiculous right ring rubbish rude ruf sad sadly safe sales same saturday
    save savings say sayonara scam schedule school scratch sear secondly security see seller send sent september serious
    seriously service services shame shameful she sheesh shipping shit shocking shop should shrimp sign silver simple
    since sincerely single sir sister site slow so some somehow someone something sometimes somewhere son soon sorry
    spanish special spring ssn start state statement status steakhouse still stolen stop store stuck stupid such suck
    sucks suddenly sunday superb support supposedly sure surely surprisingly switch sympathy system take tax team tell
    terrible text than thank thankfully thanks that that's the their them then there therefore these they thing think
    thirdly this though thru thursday thus thx ticket time timer tip tired tldr to today tommorow tomorow tomorrow
    tonight too top totally tracking transaction transactions transfer transfers travel trip true try tsk tuesday twice
    two type typically ugh unable unacceptable unbelievable undo unfortunately unhappy until up upgrade upset urgent us
    use user using usually utterly value version very virtual voila voucher vs wait waiting want warranty was wassup way
    we wednesday week weekend welcome well were what whatever when where whew which while who whoa whoops why wife will
    wish with without woah woman won't wonderful woohoo work working worried worst would wow wrong wtf xml yay yeah year
    yep yes yesterday yet yikes yippee yo you your youre yours yuck yum yummy yup zip
    """.split()  # noqa: SIM905 - a list of words reads as one
)
